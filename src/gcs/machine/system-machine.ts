import { addEntropy, setClock } from "../../sys/guest-system.ts";
import { setProcessors } from "./processors.ts";
import type { MachineCalls } from "./resources.ts";

/** The machine that this process runs on: for a guest that has it for itself. */
export function systemMachine(): MachineCalls {
  return { setClock, reseed: addEntropy, setProcessors: (count) => setProcessors(count) };
}
