import { after, afterEach, before, beforeEach } from "node:test";
import type { Inventory } from "./leftovers.ts";
import { Machine, type MachineOptions } from "./machine.ts";

/**
 * One machine for the tests of a `describe`, taken down after them in any case. Each test that ends must have left
 * nothing on the host, or it fails; what it left does not count against the next one.
 */
export function useMachine(options?: MachineOptions): () => Machine {
  let machine: Machine | undefined;
  let baseline: Inventory | undefined;
  const current = (): Machine => {
    if (machine === undefined) throw new Error("the machine did not start");
    return machine;
  };

  before(async () => {
    machine = await Machine.start(options);
    // The first container makes the namespace's own directories and cgroups, which then stay.
    await machine.warmUp();
  });
  beforeEach(() => {
    baseline = current().traces.inventory();
  });
  afterEach(async () => {
    if (baseline !== undefined) await current().traces.assertNoLeaks(baseline);
  });
  after(async () => {
    await machine?.close();
  });
  return current;
}
