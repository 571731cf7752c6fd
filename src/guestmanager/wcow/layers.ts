import type { InitOf } from "../../prot/json-codec.ts";
import { RequestType } from "../../prot/protocol.ts";
import { ResourceType } from "../../prot/resources/resource-type.ts";
import { cwcowCombinedLayers, wcowCombinedLayers } from "../../prot/resources/wcow.ts";
import type { GuestConnection } from "../connection.ts";
import type { GuestCallOptions } from "../guest.ts";
import { resourceOf } from "../modify.ts";

type CombinedLayers = InitOf<typeof wcowCombinedLayers>;
type ConfidentialCombinedLayers = InitOf<typeof cwcowCombinedLayers>;

/** Root file systems of Windows guests (hcsshim's WCOWLayersManager). */
export interface WcowLayersManager {
  /** A filter over the layers at `containerRootPath` (AddWCOWCombinedLayers). */
  addCombinedLayers(settings: CombinedLayers, options?: GuestCallOptions): Promise<void>;
  /** hcsshim's RemoveWCOWCombinedLayers. */
  removeCombinedLayers(settings: CombinedLayers, options?: GuestCallOptions): Promise<void>;
  /** In a confidential guest, whose policy asks for the container (AddCWCOWCombinedLayers). */
  addConfidentialCombinedLayers(settings: ConfidentialCombinedLayers, options?: GuestCallOptions): Promise<void>;
  /** hcsshim's RemoveCWCOWCombinedLayers. */
  removeConfidentialCombinedLayers(settings: ConfidentialCombinedLayers, options?: GuestCallOptions): Promise<void>;
}

export function wcowLayersManager(connection: GuestConnection): WcowLayersManager {
  const layers = resourceOf(connection, ResourceType.combinedLayers, wcowCombinedLayers);
  const confidential = resourceOf(connection, ResourceType.cwcowCombinedLayers, cwcowCombinedLayers);
  return {
    addCombinedLayers: layers(RequestType.add),
    removeCombinedLayers: layers(RequestType.remove),
    addConfidentialCombinedLayers: confidential(RequestType.add),
    removeConfidentialCombinedLayers: confidential(RequestType.remove),
  };
}
