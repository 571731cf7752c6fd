/** How a pod grows with its containers: what the first, the tenth and the hundredth cost, and what calls cost beside them. */
import { setTimeout as sleep } from "node:timers/promises";
import { runOk } from "../../test/harness/command.ts";
import { podFlags } from "../../test/harness/ctr.ts";
import { socketPath } from "../../test/harness/leftovers.ts";
import type { Machine } from "../../test/harness/machine.ts";
import { median } from "./figures.ts";
import { SETTLED_MS, shimsPss } from "./footprint.ts";
import { taskCalls } from "./go-client.ts";
import type { Metric } from "./metric.ts";
import type { Part } from "./part.ts";
import { inTurn, type Pair, timed } from "./rounds.ts";
import { PEER_NAME, withMachines } from "./shims.ts";

/** What is measured when a pod has so many containers. */
const probes = [
  ["pss", "PSS of the shim", "MiB"],
  ["exec", "`ctr task exec true`", "ms"],
  ["state", "State, median", "µs"],
  ["pids", "Pids, median", "µs"],
  ["stats", "Stats, median", "µs"],
] as const;
type Probe = Record<(typeof probes)[number][0], number>;

interface Filled {
  /** Milliseconds of each `ctr run`, in order. */
  readonly runs: readonly number[];
  readonly at: ReadonlyMap<number, Probe>;
}

export const crowd: Part = {
  title: "A pod of many containers, stack `local`",
  about:
    "Pods that are filled with 100 containers (QUICK: 30), one after the other; calls are about the newest of them.",
  seconds: 300,
  slow: true,
  async run(record, quick) {
    await withMachines(async (machines) => {
      const counts = quick ? [1, 10, 30] : [1, 10, 100];
      await record.measure("pods of many containers", 280, async () => {
        const pods = await inTurn(quick ? 1 : 2, (side) => filled(machines[side], counts));
        return [...last(pods), ...probes.flatMap((probe) => grown(pods, probe, counts))];
      });
    });
  },
};

/** A few at each end: one alone is at the mercy of the moment. */
function last(pods: Pair<Filled[]>): Metric[] {
  const first = pods.ours.map(({ runs }) => median(runs.slice(0, 5)));
  const [ours, peer] = [pods.ours, pods.peer].map((side) => side.map(({ runs }) => median(runs.slice(-5))));
  const title = "`ctr run` of a pod's last five containers";
  const metric = { title, unit: "ms", ours: ours ?? [] };
  return [
    { ...metric, id: "pod-100th", peer: { name: "its first five", values: first } },
    { ...metric, id: "pod-100th-peer", peer: { name: PEER_NAME, values: peer ?? [] } },
  ];
}

/** With each count of containers beside containerd's shim; and with the most of them beside one. */
function grown(pods: Pair<Filled[]>, [key, what, unit]: (typeof probes)[number], counts: readonly number[]): Metric[] {
  const values = (filled: readonly Filled[], count: number): number[] =>
    filled.map((pod) => pod.at.get(count)?.[key] ?? Number.NaN);
  const metric = (count: number, name: string, beside: readonly number[]): Metric => ({
    ...{
      id: `${key}-containers-${count}`,
      title: `${what}, ${count} ${count === 1 ? "container" : "containers"}`,
      unit,
    },
    ...{ ours: values(pods.ours, count), peer: { name, values: beside } },
  });
  const most = counts.at(-1) ?? 1;
  const growth = metric(most, "the same with 1", values(pods.ours, 1));
  return [
    ...counts.map((count) => metric(count, PEER_NAME, values(pods.peer, count))),
    { ...growth, id: `${growth.id}-growth` },
  ];
}

async function filled(machine: Machine, counts: readonly number[]): Promise<Filled> {
  const pod = machine.id("crowd");
  const ids: string[] = [];
  const runs: number[] = [];
  const at = new Map<number, Probe>();
  try {
    for (let count = 1; count <= Math.max(...counts); count++) {
      const id = count === 1 ? pod : machine.id("member");
      ids.push(id);
      const flags = ["--null-io", ...podFlags(pod, count === 1 ? "sandbox" : "container")];
      runs.push(await timed(() => machine.ctr.runDetached(id, ["sleep", "100000"], flags)));
      if (counts.includes(count)) at.set(count, await probe(machine, pod, id));
    }
    return { runs, at };
  } finally {
    for (const id of ids.reverse()) await machine.ctr.remove(id);
  }
}

async function probe(machine: Machine, pod: string, id: string): Promise<Probe> {
  await sleep(SETTLED_MS);
  // Before the calls, which wake the daemon up.
  const [pss = Number.NaN] = shimsPss(machine);
  const socket = socketPath(machine.containerd.address, machine.namespace, pod);
  const p50 = async (method: "State" | "Pids" | "Stats", count: number): Promise<number> =>
    (await taskCalls(socket, id, method, count)).p50Us;
  const execs: number[] = [];
  for (let round = 0; round < 5; round++) {
    execs.push(await timed(() => runOk(machine.ctr.execArgv(id, `e${round}`, ["true"]))));
  }
  return {
    pss,
    exec: median(execs),
    state: await p50("State", 2000),
    pids: await p50("Pids", 50),
    stats: await p50("Stats", 200),
  };
}
