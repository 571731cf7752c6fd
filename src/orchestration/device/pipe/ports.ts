import type { PipeManager } from "../../../vmmanager/pipe.ts";
import type { DeviceLimits } from "../ports.ts";

export interface PipePorts {
  readonly uvm: PipeManager;
  readonly limits: DeviceLimits;
}

/** A named pipe of a Windows host, for the containers of a VM. */
export interface PipeRequest {
  /** \\.\pipe\NAME */
  readonly hostPath: string;
}
