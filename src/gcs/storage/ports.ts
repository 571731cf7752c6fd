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

/** How a host directory shows up in this guest: 9p through a port in a VM, a bind mount where the kernel is shared. */
export interface ShareResolver {
  resolve(share: { name: string; port: number; readOnly: boolean }): Promise<Omit<MountRequest, "target">>;
}

/** How a disk that the host attached shows up in this guest. */
export interface DiskResolver {
  /** The block device's path; waits a bounded time for it to appear, then throws not-found. */
  find(address: DiskAddress, options?: { signal?: AbortSignal }): Promise<string>;
  /** Before the host detaches it: the kernel lets go of the device. A device that is gone counts as released. */
  release(address: DiskAddress): Promise<void>;
}

export interface DiskAddress {
  readonly controller: number;
  readonly lun: number;
}

/** Runs a program to its end (mkfs). Rejects with its stderr unless it exits with 0. */
export type RunProgram = (argv: readonly string[]) => Promise<void>;
