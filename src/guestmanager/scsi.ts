import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import { lcowMappedVirtualDisk, scsiDevice } from "../prot/resources/scsi.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { modifyGuest } from "./modify.ts";

type MappedVirtualDisk = InitOf<typeof lcowMappedVirtualDisk>;
type ScsiDevice = InitOf<typeof scsiDevice>;

/** SCSI disks in Linux guests, by controller index and LUN. */
export interface GuestScsi {
  /** Waits for the disk to appear, then mounts it. */
  addMappedVirtualDisk(settings: MappedVirtualDisk, options?: GuestCallOptions): Promise<void>;
  removeMappedVirtualDisk(settings: MappedVirtualDisk, options?: GuestCallOptions): Promise<void>;
  /** The guest lets go of an unmounted disk; the host may take it out then. */
  removeScsiDevice(settings: ScsiDevice, options?: GuestCallOptions): Promise<void>;
}

export function guestScsi(connection: GuestConnection): GuestScsi {
  const disk = (type: RequestType) => (value: MappedVirtualDisk, options?: GuestCallOptions) =>
    modifyGuest(connection, ResourceType.mappedVirtualDisk, type, { codec: lcowMappedVirtualDisk, value }, options);
  return {
    addMappedVirtualDisk: disk(RequestType.add),
    removeMappedVirtualDisk: disk(RequestType.remove),
    removeScsiDevice: (value, options) =>
      modifyGuest(connection, ResourceType.scsiDevice, RequestType.remove, { codec: scsiDevice, value }, options),
  };
}
