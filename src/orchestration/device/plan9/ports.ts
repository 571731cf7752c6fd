import type { GuestDirectories } from "../../../guestmanager/directories.ts";
import type { Plan9Manager } from "../../../vmmanager/plan9.ts";
import type { DeviceLimits } from "../ports.ts";

export interface Plan9Ports {
  readonly uvm: Plan9Manager;
  readonly guest: GuestDirectories;
  /** The guest path of a mount that has no given one; each call another. */
  readonly nextMountPath: () => string;
  readonly limits: DeviceLimits;
}

/** A directory or a single file of the host, in the guest. */
export interface Plan9Request {
  readonly hostPath: string;
  readonly readOnly: boolean;
  /** Of a directory: the files that the guest may see. None: all. */
  readonly allowedNames?: readonly string[];
  /** None: one that is free. */
  readonly guestPath?: string;
}
