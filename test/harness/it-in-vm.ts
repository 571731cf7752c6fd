import { it } from "node:test";
import { runtimeUnderTest } from "./runtime-under-test.ts";

/** A test of what VMs alone have. On a stack without one there is none: a skipped one would count as a peer that is missing. */
export function itInVm(name: string, run: () => Promise<void>): void {
  if (runtimeUnderTest().stack.isVm) it(name, run);
}
