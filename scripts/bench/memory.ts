/** What pods hold in memory, and what they do while nobody asks anything of them; and how a pod grows with its containers. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { podFlags } from "../../test/harness/ctr.ts";
import { Machine } from "../../test/harness/machine.ts";
import { runtimeUnderTest } from "../../test/harness/runtime-under-test.ts";
import { median } from "./figures.ts";
import type { Metric, Section } from "./metric.ts";
import { inTurn, OURS, type Pair, PEER_NAME, timed, withMachines } from "./shims.ts";

/** After this long without a call a daemon has given back what it can. */
const SETTLED_MS = 6000;
const sides = ["ours", "peer"] as const;

export async function benchMemory(pods: readonly number[]): Promise<Section> {
  return await withMachines(async (machines) => {
    const metrics: Metric[] = [];
    const ids: Pair<string[]> = { ours: [], peer: [] };
    try {
      for (const count of pods) {
        for (const side of sides) {
          while (ids[side].length < count) {
            const id = machines[side].id("pod");
            ids[side].push(id);
            await machines[side].ctr.runDetached(id, ["sleep", "100000"]);
          }
        }
        await sleep(SETTLED_MS);
        const each = (side: "ours" | "peer"): number[] => shimProcesses(machines[side]).map((group) => sum(group));
        const [ours, peer] = [each("ours"), each("peer")];
        const title = `PSS of a pod's shim, ${count} ${count === 1 ? "pod" : "pods"}`;
        metrics.push({ id: `pss-${count}`, title, unit: "MiB", ours, peer: { name: PEER_NAME, values: peer } });
      }
    } finally {
      for (const side of sides) await Promise.all(ids[side].map((id) => machines[side].ctr.remove(id)));
    }
    return {
      title: "Memory, stack `local`",
      about: "All processes of the shim, idle for six seconds; shared pages count by their share.",
      metrics,
    };
  });
}

/** Containers in one pod: what the hundredth costs beside the first, and what the daemon holds for them. */
export async function benchCrowd(rounds: number): Promise<Section> {
  return await withMachines(async (machines) => {
    const metrics: Metric[] = [];
    const runs: Pair<number[][]> = { ours: [], peer: [] };
    const memory: Pair<Map<number, number[]>> = { ours: new Map(), peer: new Map() };
    await inTurn(rounds, async (side) => {
      runs[side].push(await fillPod(machines[side], 100, memory[side]));
      return 0;
    });
    // A few at each end: one alone is at the mercy of the moment.
    const first = runs.ours.map((run) => median(run.slice(0, 5)));
    const last = runs.ours.map((run) => median(run.slice(-5)));
    const goLast = runs.peer.map((run) => median(run.slice(-5)));
    metrics.push(
      {
        ...{ id: "pod-100th", title: "`ctr run` of a pod's 100th container (96th to 100th)", unit: "ms", ours: last },
        peer: { name: "its first five", values: first },
      },
      {
        ...{ id: "pod-100th-peer", title: "`ctr run` of a pod's 100th container", unit: "ms", ours: last },
        peer: { name: PEER_NAME, values: goLast },
      },
    );
    for (const count of [1, 10, 100]) {
      const [ours, peer] = sides.map((side) => memory[side].get(count) ?? []);
      const title = `PSS of the shim of a pod of ${count} ${count === 1 ? "container" : "containers"}`;
      metrics.push({
        ...{ id: `pss-containers-${count}`, title, unit: "MiB", ours: ours ?? [] },
        peer: { name: PEER_NAME, values: peer ?? [] },
      });
    }
    return {
      title: "A pod of many containers, stack `local`",
      about: `${rounds} pods of 100 containers for each shim.`,
      metrics,
    };
  });
}

async function fillPod(machine: Machine, count: number, memory: Map<number, number[]>): Promise<number[]> {
  const pod = machine.id("crowd");
  const ids: string[] = [];
  const took: number[] = [];
  try {
    for (let index = 0; index < count; index++) {
      const id = index === 0 ? pod : machine.id("member");
      ids.push(id);
      const flags = ["--null-io", ...podFlags(pod, index === 0 ? "sandbox" : "container")];
      took.push(await timed(() => machine.ctr.runDetached(id, ["sleep", "100000"], flags)));
      if ([1, 10, 100].includes(index + 1)) {
        await sleep(SETTLED_MS);
        memory.set(index + 1, [...(memory.get(index + 1) ?? []), sum(shimProcesses(machine)[0] ?? [])]);
      }
    }
    return took;
  } finally {
    for (const id of ids.reverse()) await machine.ctr.remove(id);
  }
}

/** The CPU time of an idle pod's daemon, in percent of one processor. */
export async function benchIdle(seconds: number): Promise<Section> {
  const shares: number[][] = [];
  for (const stack of ["local", "qemu"] as const) {
    const machine = await Machine.start({ runtime: runtimeUnderTest(OURS, stack) });
    try {
      const id = machine.id("idle");
      await machine.ctr.runDetached(id, ["sleep", "100000"]);
      const { pid } = machine.daemonOf(id);
      await sleep(SETTLED_MS);
      const before = cpuSeconds(pid);
      await sleep(seconds * 1000);
      shares.push([((cpuSeconds(pid) - before) / seconds) * 100]);
      await machine.ctr.remove(id);
    } finally {
      await machine.close();
    }
  }
  const [local = [], vm = []] = shares;
  return {
    title: "An idle pod",
    about: `The daemon's CPU time over ${seconds} s, in percent of one processor; the kernel counts in hundredths of a second.`,
    metrics: [
      { id: "idle-local", title: "daemon of an idle pod, stack `local`", unit: "%", ours: local },
      { id: "idle-vm", title: "daemon of an idle pod in a VM", unit: "%", ours: vm },
    ],
  };
}

/** PSS in MiB of the processes of each shim of this machine; a shim's group is its daemon and what has its name. */
function shimProcesses(machine: Machine): number[][] {
  const groups = new Map<string, number[]>();
  for (const { pid, title } of machine.traces.processes()) {
    if (!title.includes(machine.runtime.binary)) continue;
    const id = / -id (\S+)/.exec(title)?.[1] ?? "";
    groups.set(id, [...(groups.get(id) ?? []), pss(pid)]);
  }
  return [...groups.values()];
}

/** Proportional set size of a process in MiB. */
export function pss(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) / 1024;
}

/** User and system time; the fields count from behind the name, which may hold anything. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
