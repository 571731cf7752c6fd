import type { CallOptions } from "./lifetime.ts";

/** Named pipes of a Windows host in its guest. */
export interface PipeManager {
  /** `hostPath`: \\.\pipe\NAME. */
  addPipe(hostPath: string, options?: CallOptions): Promise<void>;
  removePipe(hostPath: string, options?: CallOptions): Promise<void>;
}
