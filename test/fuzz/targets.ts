import type { TargetModule } from "./target.ts";
import { bootstrap } from "./targets/bootstrap.ts";
import { bridgeGuest, bridgeHost } from "./targets/bridge.ts";
import { gcsJson } from "./targets/gcs-json.ts";
import { muxGuest, muxHost } from "./targets/mux.ts";
import { options } from "./targets/options.ts";
import { protobuf } from "./targets/protobuf.ts";
import { qmp } from "./targets/qmp.ts";
import { qmpClient } from "./targets/qmp-client.ts";
import { records } from "./targets/records.ts";
import { saved } from "./targets/saved.ts";
import { spec } from "./targets/spec.ts";
import { streaming } from "./targets/streaming.ts";
import { tar } from "./targets/tar.ts";
import { ttrpcClient, ttrpcServer } from "./targets/ttrpc.ts";

/** By the name of their corpus. */
export const targets: Readonly<Record<string, TargetModule>> = {
  "ttrpc-server": ttrpcServer,
  "ttrpc-client": ttrpcClient,
  protobuf,
  "bridge-guest": bridgeGuest,
  "bridge-host": bridgeHost,
  "gcs-json": gcsJson,
  "mux-guest": muxGuest,
  "mux-host": muxHost,
  streaming,
  tar,
  spec,
  options,
  bootstrap,
  qmp,
  "qmp-client": qmpClient,
  saved,
  records,
};
