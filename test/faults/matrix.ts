import { containerdRows } from "./containerd.ts";
import { guestRows } from "./guest.ts";
import { holdingRows } from "./holding.ts";
import { publisherRows } from "./publisher.ts";
import { resourceRows } from "./resources.ts";
import type { FaultRow, StackName } from "./row.ts";
import { shimRows } from "./shim.ts";
import { startRows } from "./start.ts";
import { stdioRows } from "./stdio.ts";
import { vmRows } from "./vm.ts";
import { wedgedRows } from "./wedged.ts";
import { wedgedEndRows } from "./wedged-end.ts";

/** Reference: containerd-shim 5.1, in its order. */
export const matrix: readonly FaultRow[] = [
  ...shimRows,
  ...vmRows,
  ...guestRows,
  ...containerdRows,
  ...publisherRows,
  ...stdioRows,
  ...resourceRows,
  ...startRows,
  ...wedgedRows,
  ...wedgedEndRows,
  ...holdingRows,
];

export function rowsOn(stack: StackName): FaultRow[] {
  return matrix.filter(({ stacks }) => stacks.includes(stack));
}
