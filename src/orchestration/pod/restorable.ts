import { unimplemented } from "../../errors/shim-error.ts";
import type { PodOptions } from "./ports.ts";

/** Throws where this pod can't be that of a checkpoint's container. */
export function checkRestorable(id: string, stack: PodOptions["stack"], isNew: boolean): void {
  const refusal = `container ${id} cannot be created from a checkpoint`;
  if (stack.name === "local") {
    throw unimplemented(`${refusal}: stack local runs it on this host, and restores no vm: use stack qemu`);
  }
  if (!isNew) throw unimplemented(`${refusal} in a pod that is there: its vm is restored as a whole; use a new pod`);
}
