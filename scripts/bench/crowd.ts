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
/** Of a pod's containers, so many at each end are timed. */
const TIMED = 5;
const AT_ONCE = 4;
type Probe = Record<(typeof probes)[number][0], number>;

interface Filled {
  /** Milliseconds of `ctr run` for each of the first containers, and of the last. */
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly at: ReadonlyMap<number, Probe>;
}

export const crowd: Part = {
  title: "A pod of many containers, stack `local`",
  about:
    "Pods that are filled with 100 containers (QUICK: 30): those that are timed one after the other, those between four at a time; calls are about the newest of them.",
  seconds: 240,
  slow: true,
  async run(record, quick) {
    await withMachines(async (machines) => {
      const counts = quick ? [1, 10, 30] : [1, 10, 100];
      await record.measure("pods of many containers", 220, async () => {
        const pods = await inTurn(quick ? 1 : 2, (side) => filled(machines[side], counts));
        return [...last(pods), ...probes.flatMap((probe) => grown(pods, probe, counts))];
      });
    });
  },
};

/** A few at each end: one alone is at the mercy of the moment. */
function last(pods: Pair<Filled[]>): Metric[] {
  const first = pods.ours.map((pod) => median(pod.first));
  const [ours, peer] = [pods.ours, pods.peer].map((side) => side.map((pod) => median(pod.last)));
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
  const most = Math.max(...counts);
  const add = async (): Promise<void> => {
    const type = ids.length === 0 ? "sandbox" : "container";
    const id = type === "sandbox" ? pod : machine.id("member");
    ids.push(id);
    await machine.ctr.runDetached(id, ["sleep", "100000"], ["--null-io", ...podFlags(pod, type)]);
  };
  const isTimed = (count: number): boolean => count <= TIMED || count > most - TIMED || counts.includes(count);
  try {
    while (ids.length < most) {
      let next = ids.length + 1;
      if (isTimed(next)) {
        runs.push(await timed(add));
        if (counts.includes(next)) at.set(next, await probe(machine, pod, ids.at(-1) ?? pod));
        continue;
      }
      const together: Promise<void>[] = [];
      for (; together.length < AT_ONCE && !isTimed(next); next++) together.push(add());
      await Promise.all(together);
    }
    return { first: runs.slice(0, TIMED), last: runs.slice(-TIMED), at };
  } finally {
    const members = ids.slice(1);
    while (members.length > 0) await Promise.all(members.splice(-AT_ONCE).map((id) => machine.ctr.remove(id)));
    await machine.ctr.remove(pod);
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
