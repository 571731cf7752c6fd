import { Machine } from "../../test/harness/machine.ts";
import { runtimeUnderTest } from "../../test/harness/runtime-under-test.ts";
import type { Pair } from "./rounds.ts";

/** containerd's own shim, beside which ours is measured on stack `local`. */
export const PEER = "io.containerd.runc.v2";
export const OURS = "io.containerd.uvm.v1";
export const PEER_NAME = "containerd-shim-runc-v2";
export const sides = ["ours", "peer"] as const;

/** Two containerds of the same kind, each with one of the two shims, warm. */
export async function withMachines<T>(work: (machines: Pair<Machine>) => Promise<T>): Promise<T> {
  const started: Machine[] = [];
  const open = async (name: string): Promise<Machine> => {
    const machine = await Machine.start({ runtime: runtimeUnderTest(name, "local") });
    started.push(machine);
    await machine.warmUp();
    return machine;
  };
  try {
    return await work({ peer: await open(PEER), ours: await open(OURS) });
  } finally {
    for (const machine of started) await machine.close();
  }
}

/** A container that lives on each of the two machines, while `work` lasts. */
export async function withContainers<T>(
  machines: Pair<Machine>,
  name: string,
  work: (ids: Pair<string>) => Promise<T>,
): Promise<T> {
  const ids: Pair<string> = { ours: machines.ours.id(name), peer: machines.peer.id(name) };
  try {
    for (const side of sides) await machines[side].ctr.runDetached(ids[side], ["sleep", "100000"]);
    return await work(ids);
  } finally {
    for (const side of sides) await machines[side].ctr.remove(ids[side]);
  }
}
