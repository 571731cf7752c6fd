import type { CallOptions } from "./lifetime.ts";

export interface VpmemDevice {
  readonly deviceNumber: number;
  /** A raw image; its size is a multiple of 2 MiB or is rounded up by the stack. */
  readonly hostPath: string;
  readonly readOnly: boolean;
}

/** Images that the guest sees as persistent memory (/dev/pmemN). */
export interface VpmemManager {
  addVpmemDevice(device: VpmemDevice, options?: CallOptions): Promise<void>;
  /** Unimplemented where `supported("vpmem", "remove")` is false. */
  removeVpmemDevice(deviceNumber: number, options?: CallOptions): Promise<void>;
}
