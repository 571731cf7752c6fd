import type { GuestScsi } from "../../../guestmanager/scsi.ts";
import type { ScsiDiskType, ScsiManager, VmAccess } from "../../../vmmanager/scsi.ts";
import type { DeviceLimits } from "../ports.ts";

export interface ScsiPorts {
  readonly uvm: ScsiManager;
  readonly guest: GuestScsi;
  /** The guest path of a mount that has no given one; each call another. */
  readonly nextMountPath: () => string;
  readonly limits: DeviceLimits;
}

/** A disk of the host, however it is mounted. */
export interface DiskRequest {
  /** A raw image or a block device of the host; with HCS what its type says. */
  readonly hostPath: string;
  readonly readOnly: boolean;
  /** HCS's. Default: VirtualDisk. */
  readonly type?: ScsiDiskType;
  /** Of an ExtensibleVirtualDisk: its provider's name. */
  readonly extensibleDiskType?: string;
}

/** A disk of the host, mounted in the guest. */
export interface ScsiRequest extends DiskRequest {
  /** What the VM is granted before it opens it, where the host asks for that. Default: none (containerd's own layers). */
  readonly access?: VmAccess;
  /** 0 or none: the whole disk. */
  readonly partition?: number;
  /** None: a link to the device at the guest path instead of a mount. Empty: what the guest mounts by default. */
  readonly fileSystem?: string;
  /** Made on it where it has none. */
  readonly ensureFileSystem?: boolean;
  /** By the guest, with a key that nobody else has: of a scratch disk. */
  readonly encrypted?: boolean;
  readonly options?: readonly string[];
  /** None: one that is free. */
  readonly guestPath?: string;
}
