import type { CallOptions } from "./lifetime.ts";

/** Where a disk hangs; in the guest the same two numbers find it (prot MappedVirtualDisk). */
export interface ScsiLocation {
  readonly controller: number;
  readonly lun: number;
}

/** HCS's attachment types; a stack whose host opens them all alike ignores it. */
export type ScsiDiskType = "VirtualDisk" | "PassThru" | "ExtensibleVirtualDisk";

export interface ScsiDisk extends ScsiLocation {
  /** A raw image or a block device of the host; with HCS a VHD or VHDX, a physical drive, or what a provider opens. */
  readonly hostPath: string;
  readonly readOnly: boolean;
  /** Default: VirtualDisk. */
  readonly type?: ScsiDiskType;
  /** Of an ExtensibleVirtualDisk: its provider's name. */
  readonly extensibleDiskType?: string;
}

/** Who may open a file of a Windows host: its present readers alone, every VM (the group of VMs), or this VM too. */
export type VmAccess = "none" | "group" | "individual";

export interface ScsiLimits {
  readonly controllers: number;
  readonly luns: number;
  /** Taken by the VM's own document: a boot disk, a Windows VM's scratch on 0:0. */
  readonly reserved?: readonly ScsiLocation[];
}

/** Disks on the UVM's SCSI controllers. Which location is free, the caller knows (orchestration/device/scsi). */
export interface ScsiManager {
  readonly scsiLimits: ScsiLimits;
  /** Throws already-exists for a taken location, not-found for a path that does not exist. */
  addScsiDisk(disk: ScsiDisk, options?: CallOptions): Promise<void>;
  /** The guest has let go of it before. Throws not-found where there is none. */
  removeScsiDisk(location: ScsiLocation, options?: CallOptions): Promise<void>;
  /** Undefined where files of the host need no grant before the VM opens them. Stays when the disk has gone, as hcsshim's. */
  grantVmAccess?(hostPath: string, access: Exclude<VmAccess, "none">, options?: CallOptions): Promise<void>;
}
