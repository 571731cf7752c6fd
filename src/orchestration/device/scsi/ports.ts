import type { GuestScsi } from "../../../guestmanager/scsi.ts";
import type { ScsiManager } from "../../../vmmanager/scsi.ts";
import type { DeviceLimits } from "../ports.ts";

export interface ScsiPorts {
  readonly uvm: ScsiManager;
  readonly guest: GuestScsi;
  /** The guest path of a mount that has no given one; each call another. */
  readonly nextMountPath: () => string;
  readonly limits: DeviceLimits;
}

/** A disk of the host, mounted in the guest. */
export interface ScsiRequest {
  /** A raw image or a block device of the host. */
  readonly hostPath: string;
  readonly readOnly: boolean;
  /** 0 or none: the whole disk. */
  readonly partition?: number;
  /** None: a link to the device at the guest path instead of a mount. */
  readonly fileSystem?: string;
  readonly options?: readonly string[];
  /** None: one that is free. */
  readonly guestPath?: string;
}
