import { containerdRows } from "./containerd.ts";
import { publisherRows } from "./publisher.ts";
import type { FaultRow, StackName } from "./row.ts";
import { shimRows } from "./shim.ts";
import { startRows } from "./start.ts";

/** Reference: containerd-shim 5.1, in its order. */
export const matrix: readonly FaultRow[] = [...shimRows, ...containerdRows, ...publisherRows, ...startRows];

export function rowsOn(stack: StackName): FaultRow[] {
  return matrix.filter(({ stacks }) => stacks.includes(stack));
}
