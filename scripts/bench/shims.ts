import { Machine } from "../../test/harness/machine.ts";
import { runtimeUnderTest } from "../../test/harness/runtime-under-test.ts";

/** containerd's own shim, beside which ours is measured on stack `local`. */
export const PEER = "io.containerd.runc.v2";
export const OURS = "io.containerd.uvm.v1";
export const PEER_NAME = "containerd-shim-runc-v2";

export type Pair<T> = Readonly<Record<"ours" | "peer", T>>;

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

/** The figures of `rounds` rounds, in each of which the peer and ours take turns; who begins alternates. */
export async function inTurn(
  rounds: number,
  measure: (side: "ours" | "peer", round: number) => Promise<number>,
): Promise<Pair<number[]>> {
  const figures: Pair<number[]> = { ours: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    const sides = ["peer", "ours"] as const;
    for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
      figures[side].push(await measure(side, round));
    }
  }
  return figures;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
