import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { lcowCombinedLayers } from "../prot/resources/layers.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { modifyGuest } from "./modify.ts";

type CombinedLayers = InitOf<typeof lcowCombinedLayers>;

/** Root file systems of Linux guests. */
export interface GuestLayers {
  /** An overlay of the layers, topmost first, at `containerRootPath`; read-only without a `scratchPath`. */
  addCombinedLayers(settings: CombinedLayers, options?: GuestCallOptions): Promise<void>;
  /** A path where nothing is mounted counts as removed. */
  removeCombinedLayers(settings: CombinedLayers, options?: GuestCallOptions): Promise<void>;
}

export function guestLayers(connection: GuestConnection): GuestLayers {
  const send = (type: RequestType) => (value: CombinedLayers, options?: GuestCallOptions) =>
    modifyGuest(connection, ResourceType.combinedLayers, type, { codec: lcowCombinedLayers, value }, options);
  return { addCombinedLayers: send(RequestType.add), removeCombinedLayers: send(RequestType.remove) };
}
