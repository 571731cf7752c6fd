import type { Logger } from "../log/logger.ts";
import type { CallOptions } from "../vmmanager/lifetime.ts";
import type { Operation, Resource } from "../vmmanager/support.ts";
import type { UtilityVM, UvmOptions } from "../vmmanager/uvm.ts";
import type { VmPlan } from "./plan.ts";

/** What the VM service asks of the program that it is in. */
export interface VmServicePorts {
  /** A VM that boots what `boot` names and has that directory, created and not started. */
  createUvm(options: UvmOptions, plan: Pick<VmPlan, "boot" | "directory">, call: CallOptions): Promise<UtilityVM>;
  /** Of a VM of that stack, also before there is one. */
  supported(resource: Resource, operation: Operation): boolean;
  /** The tap of that name; the fd is the caller's. */
  openTap(name: string): number;
  /** A copy of a descriptor that a client registered; undefined where none has that name. */
  registeredFd(name: string): number | undefined;
  /** Exists, and is this process's own. */
  readonly stateDirectory: string;
  readonly log: Logger;
}
