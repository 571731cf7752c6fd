import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import { lcowMappedVirtualDisk, scsiDevice } from "../prot/resources/scsi.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { resourceOf } from "./modify.ts";

type MappedVirtualDisk = InitOf<typeof lcowMappedVirtualDisk>;
type ScsiDevice = InitOf<typeof scsiDevice>;

/** SCSI disks in guests of any system, by controller index and LUN. */
export interface GuestScsiDevices {
  /** The guest lets go of an unmounted disk; the host may take it out then (RemoveSCSIDevice). */
  removeScsiDevice(settings: ScsiDevice, options?: GuestCallOptions): Promise<void>;
}

/** SCSI disks in Linux guests (hcsshim's LCOWScsiManager). */
export interface GuestScsi extends GuestScsiDevices {
  /** Waits for the disk to appear, then mounts it (AddLCOWMappedVirtualDisk). */
  addMappedVirtualDisk(settings: MappedVirtualDisk, options?: GuestCallOptions): Promise<void>;
  /** hcsshim's RemoveLCOWMappedVirtualDisk. */
  removeMappedVirtualDisk(settings: MappedVirtualDisk, options?: GuestCallOptions): Promise<void>;
}

export function guestScsiDevices(connection: GuestConnection): GuestScsiDevices {
  return { removeScsiDevice: resourceOf(connection, ResourceType.scsiDevice, scsiDevice)(RequestType.remove) };
}

export function guestScsi(connection: GuestConnection): GuestScsi {
  const disk = resourceOf(connection, ResourceType.mappedVirtualDisk, lcowMappedVirtualDisk);
  return {
    addMappedVirtualDisk: disk(RequestType.add),
    removeMappedVirtualDisk: disk(RequestType.remove),
    ...guestScsiDevices(connection),
  };
}
