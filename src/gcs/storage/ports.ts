/** What storage asks of the kernel. Both throw a ShimError that names the target. */
export interface MountCalls {
  mount(request: MountRequest): void;
  /** Nothing mounted there is success. */
  unmount(target: string): void;
}

export interface MountRequest {
  readonly source: string;
  readonly target: string;
  /** "" for a bind mount. */
  readonly type: string;
  readonly flags: number;
  readonly data: string;
}

/** How a host directory or file shows up in this guest: an entry of a virtio-fs in a VM, itself where the kernel is shared. */
export interface ShareResolver {
  resolve(share: { name: string; port: number; readOnly: boolean }): Promise<Omit<MountRequest, "target">>;
  /** A share was unmounted: the guest lets go of what nobody uses any more, so that the host can take it away. */
  released?(): void;
}

/** How a disk that the host attached shows up in this guest. */
export interface DiskResolver {
  /** The block device's path; waits a bounded time for it to appear, then throws not-found. */
  find(address: DiskAddress): Promise<string>;
  /** Before the host detaches it: the kernel lets go of the device. One that is gone counts as released, one in use is refused. */
  release(address: DiskAddress): Promise<void>;
}

/** How an image in persistent memory shows up in this guest. */
export interface PmemResolver {
  /** As DiskResolver.find. */
  find(deviceNumber: number): Promise<string>;
}

export interface DiskAddress {
  readonly controller: number;
  readonly lun: number;
}

/** Runs a program to its end (mkfs). Rejects with its stderr unless it exits with 0. */
export type RunProgram = (argv: readonly string[]) => Promise<void>;
