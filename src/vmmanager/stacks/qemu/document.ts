import { invalidArgument } from "../../../errors/shim-error.ts";
import type { UvmSizing } from "../../sizing.ts";
import type { Accelerator } from "./accelerator.ts";

/** All that makes the boot hardware of one UVM, without a path or an fd: its QEMU command line follows from it alone. */
export interface UvmDocument {
  readonly accelerator: Accelerator;
  /** QEMU's name: "pc" or a version of it. */
  readonly machine: string;
  readonly sizing: UvmSizing;
  /** Added to the kernel's command line. */
  readonly kernelArguments: readonly string[];
}

/** Measured: the guest boots with 96 MiB, slower and with next to nothing left for a container; with 128 as with more. */
export const MIN_MEMORY_MIB = 128;
/** What `-smp` of the machine type takes. */
const MAX_PROCESSORS = 255;

/** Throws invalid-argument for a size that no UVM can have. */
export function checkSizing(id: string, sizing: UvmSizing): void {
  const { processors, maxProcessors, memoryMiB, maxMemoryMiB } = sizing;
  const refuse = (what: string): never => {
    throw invalidArgument(`vm ${id} is asked for ${what}`);
  };
  for (const [name, value] of Object.entries({ processors, maxProcessors, memoryMiB, maxMemoryMiB })) {
    if (!Number.isSafeInteger(value) || value < 1)
      refuse(
        `${name} ${typeof value === "number" ? value : typeof value}; cannot create it: use a whole number from 1`,
      );
  }
  if (memoryMiB < MIN_MEMORY_MIB) {
    refuse(`${memoryMiB} MiB of memory; cannot create it: its guest needs ${MIN_MEMORY_MIB} MiB or more`);
  }
  if (maxMemoryMiB < memoryMiB) {
    refuse(`${memoryMiB} MiB of memory with a maximum of ${maxMemoryMiB}; cannot create it: raise the maximum`);
  }
  if (maxProcessors < processors || maxProcessors > MAX_PROCESSORS) {
    refuse(
      `${processors} processors with a maximum of ${maxProcessors}; cannot create it: use a maximum from that to ${MAX_PROCESSORS}`,
    );
  }
}
