import type { InitOf } from "../../prot/json-codec.ts";
import { RequestType } from "../../prot/protocol.ts";
import { ResourceType } from "../../prot/resources/resource-type.ts";
import { cwcowBlockCimMounts } from "../../prot/resources/wcow.ts";
import type { GuestConnection } from "../connection.ts";
import type { GuestCallOptions } from "../guest.ts";
import { resourceOf } from "../modify.ts";

type BlockCimMounts = InitOf<typeof cwcowBlockCimMounts>;

/** Layers on disks that hold a block CIM each, in Windows guests (hcsshim's CIMsManager). */
export interface CimsManager {
  /** Mounts the merged CIM at the volume (AddWCOWBlockCIMs). */
  addBlockCims(settings: BlockCimMounts, options?: GuestCallOptions): Promise<void>;
  /** hcsshim's RemoveWCOWBlockCIMs. */
  removeBlockCims(settings: BlockCimMounts, options?: GuestCallOptions): Promise<void>;
}

export function cimsManager(connection: GuestConnection): CimsManager {
  const mounts = resourceOf(connection, ResourceType.wcowBlockCims, cwcowBlockCimMounts);
  return { addBlockCims: mounts(RequestType.add), removeBlockCims: mounts(RequestType.remove) };
}
