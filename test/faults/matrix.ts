import type { FaultRow, StackName } from "./row.ts";
import { shimRows } from "./shim.ts";

/** Reference: containerd-shim 5.1, in its order. */
export const matrix: readonly FaultRow[] = [...shimRows];

export function rowsOn(stack: StackName): FaultRow[] {
  return matrix.filter(({ stacks }) => stacks.includes(stack));
}
