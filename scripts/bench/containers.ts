/** What users of containerd wait for, through `ctr`: run alone and in a crowd, exec, and what ctr asks of a task. */
import { runOk } from "../../test/harness/command.ts";
import type { Machine } from "../../test/harness/machine.ts";
import type { Section } from "./metric.ts";
import { inTurn, type Pair, PEER_NAME, timed, withMachines } from "./shims.ts";

export async function benchContainers(rounds: number): Promise<Section> {
  return await withMachines(async (machines) => {
    const alone = await inTurn(rounds, (side) => timed(() => runTrue(machines[side])));
    const crowd = await inTurn(Math.ceil(rounds / 3), async (side) => {
      return await timed(() => Promise.all(Array.from({ length: 8 }, () => runTrue(machines[side]))));
    });
    const [exec, ps] = await inOne(machines, rounds);
    const peer = (values: readonly number[]) => ({ name: PEER_NAME, values });
    return {
      title: "Containers, stack `local`",
      about: "containerd, `ctr` and image are the same for both shims.",
      metrics: [
        { id: "run-alone", title: "`ctr run --rm true`", unit: "ms", ours: alone.ours, peer: peer(alone.peer) },
        { id: "run-eight", title: "8 of them at once", unit: "ms", ours: crowd.ours, peer: peer(crowd.peer) },
        { id: "exec", title: "`ctr task exec true`", unit: "ms", ours: exec.ours, peer: peer(exec.peer) },
        { id: "ps", title: "`ctr task ps`", unit: "ms", ours: ps.ours, peer: peer(ps.peer) },
      ],
    };
  });
}

async function runTrue(machine: Machine): Promise<void> {
  await runOk(machine.ctr.runArgv(machine.id("bench"), ["true"], ["--rm"]));
}

/** In a container that lives on. */
async function inOne(machines: Pair<Machine>, rounds: number): Promise<readonly [Pair<number[]>, Pair<number[]>]> {
  const ids: Pair<string> = { ours: machines.ours.id("exec"), peer: machines.peer.id("exec") };
  for (const side of ["ours", "peer"] as const) await machines[side].ctr.runDetached(ids[side], ["sleep", "1000"]);
  try {
    const exec = await inTurn(rounds, (side, round) =>
      timed(() => runOk(machines[side].ctr.execArgv(ids[side], `e${round}`, ["true"]))),
    );
    const ps = await inTurn(rounds, (side) => timed(() => machines[side].ctr.ok("tasks", "ps", ids[side])));
    return [exec, ps];
  } finally {
    for (const side of ["ours", "peer"] as const) await machines[side].ctr.remove(ids[side]);
  }
}
