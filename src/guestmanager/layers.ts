import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { lcowCombinedLayers } from "../prot/resources/layers.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { resourceOf } from "./modify.ts";

type CombinedLayers = InitOf<typeof lcowCombinedLayers>;

/** Root file systems of Linux guests (hcsshim's LCOWLayersManager). */
export interface GuestLayers {
  /** An overlay of the layers, topmost first, at `containerRootPath`; read-only without a `scratchPath` (AddLCOWCombinedLayers). */
  addCombinedLayers(settings: CombinedLayers, options?: GuestCallOptions): Promise<void>;
  /** A path where nothing is mounted counts as removed (RemoveLCOWCombinedLayers). */
  removeCombinedLayers(settings: CombinedLayers, options?: GuestCallOptions): Promise<void>;
}

export function guestLayers(connection: GuestConnection): GuestLayers {
  const layers = resourceOf(connection, ResourceType.combinedLayers, lcowCombinedLayers);
  return { addCombinedLayers: layers(RequestType.add), removeCombinedLayers: layers(RequestType.remove) };
}
