import type { CallOptions } from "./lifetime.ts";

/** How big a UVM is made, and how far it may grow. */
export interface UvmSizing {
  readonly processors: number;
  readonly maxProcessors: number;
  readonly memoryMiB: number;
  readonly maxMemoryMiB: number;
}

export interface SizeManager {
  /** To that many MiB in all, up or down, as far as the guest gives back. Throws out-of-range beyond the maximum. */
  updateMemory(memoryMiB: number, options?: CallOptions): Promise<void>;
  /** To that many processors in all. Throws unimplemented where fewer are asked for and the stack can't take them out. */
  updateProcessors(count: number, options?: CallOptions): Promise<void>;
}
