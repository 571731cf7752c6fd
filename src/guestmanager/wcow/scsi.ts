import type { InitOf } from "../../prot/json-codec.ts";
import { RequestType } from "../../prot/protocol.ts";
import { ResourceType } from "../../prot/resources/resource-type.ts";
import { wcowMappedVirtualDisk } from "../../prot/resources/wcow.ts";
import type { GuestConnection } from "../connection.ts";
import type { GuestCallOptions } from "../guest.ts";
import { resourceOf } from "../modify.ts";
import { type GuestScsiDevices, guestScsiDevices } from "../scsi.ts";

type MappedVirtualDisk = InitOf<typeof wcowMappedVirtualDisk>;

/** SCSI disks in Windows guests (hcsshim's WCOWScsiManager). */
export interface WcowScsiManager extends GuestScsiDevices {
  /** hcsshim's AddWCOWMappedVirtualDisk. */
  addMappedVirtualDisk(settings: MappedVirtualDisk, options?: GuestCallOptions): Promise<void>;
  /** Confidential guests: the disk is encrypted and formatted with ReFS first (AddWCOWMappedVirtualDiskForContainerScratch). */
  addMappedVirtualDiskForContainerScratch(settings: MappedVirtualDisk, options?: GuestCallOptions): Promise<void>;
  /** Also one that was added as a scratch (RemoveWCOWMappedVirtualDisk). */
  removeMappedVirtualDisk(settings: MappedVirtualDisk, options?: GuestCallOptions): Promise<void>;
}

export function wcowScsiManager(connection: GuestConnection): WcowScsiManager {
  const disk = resourceOf(connection, ResourceType.mappedVirtualDisk, wcowMappedVirtualDisk);
  const scratch = resourceOf(connection, ResourceType.mappedVirtualDiskForContainerScratch, wcowMappedVirtualDisk);
  return {
    addMappedVirtualDisk: disk(RequestType.add),
    addMappedVirtualDiskForContainerScratch: scratch(RequestType.add),
    removeMappedVirtualDisk: disk(RequestType.remove),
    ...guestScsiDevices(connection),
  };
}
