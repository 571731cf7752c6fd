import { unimplemented } from "../errors/shim-error.ts";

/** What a stack may be asked to do to a running or new UVM. `supported()` is true exactly where the call works. */
export type Resource =
  | "lifetime"
  | "scsi"
  | "vpmem"
  | "network"
  | "pci"
  | "pipe"
  | "plan9"
  | "vsmb"
  | "vm-socket"
  | "cpu-group"
  | "cpu-limits"
  | "memory"
  | "processor"
  | "statistics";

export type Operation =
  | "create"
  | "start"
  | "pause"
  | "resume"
  | "save"
  | "restore"
  | "terminate"
  | "add"
  | "remove"
  | "update"
  | "read";

export function notSupported(stack: string, resource: Resource, operation: Operation): Error {
  return unimplemented(`stack ${stack} does not support ${operation} of ${resource}`);
}
