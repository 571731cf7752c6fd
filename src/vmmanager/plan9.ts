import type { CallOptions } from "./lifetime.ts";

/**
 * A directory or a single file of the host in the guest, by name. HCS serves them as Plan9 shares; a stack may carry
 * them by something better (virtio-fs) under the same name. A file's share exposes nothing of its directory.
 */
export interface Plan9Share {
  readonly name: string;
  readonly hostPath: string;
  readonly readOnly: boolean;
  /** The file names that the guest may see of a directory; all of them where it is undefined. */
  readonly allowedNames?: readonly string[];
}

/** What the VM's options say of its file shares, of either kind. */
export interface ShareRules {
  /** Writable ones are refused (annotation fileshares.disablewritable). Default: false. */
  readonly readOnly?: boolean;
  /** VSMB: never mapped into the guest's memory: the VM's devices are physically backed, or it was asked for. Default: false. */
  readonly noDirectMap?: boolean;
}

export interface Plan9Manager {
  readonly shareRules?: ShareRules;
  /** Throws already-exists for a taken name, not-found for a path that does not exist. */
  addPlan9Share(share: Plan9Share, options?: CallOptions): Promise<void>;
  /** The guest has unmounted it before. Throws not-found where there is none. */
  removePlan9Share(name: string, options?: CallOptions): Promise<void>;
}
