import assert from "node:assert/strict";
import { median } from "../../scripts/bench/figures.ts";
import { Status } from "../../src/generated/containerd/v1/types.ts";
import { podFlags } from "../harness/ctr.ts";
import type { Machine } from "../harness/machine.ts";
import { atMost, equal, type Finding, figure, round, succeeds } from "./finding.ts";
import { runtimeThreads, settled } from "./footprint.ts";
import { type Amount, lifecycle, rounds, startPod, stopPod } from "./lifecycle.ts";
import { execute } from "./shim-tasks.ts";

/** Many containers in one pod at the same time: each runs and answers; what each costs; all go, and nothing stays. */
export async function crowd(machine: Machine, { count, atOnce, say }: Amount): Promise<Finding[]> {
  const { ctr } = machine;
  const before = machine.traces.inventory();
  const pod = await startPod(machine);
  const { task } = pod.shim;
  const { pid } = machine.daemonOf(pod.id);
  // The first member opens what the daemon keeps for all.
  await lifecycle(machine, 0, pod);
  const empty = await settled(pid);
  const ids = Array.from({ length: count }, (_, index) => machine.id(`crowd${index}`));

  // One after the other: the last are compared with the first.
  const times: number[] = [];
  for (const id of ids) {
    const began = performance.now();
    await ctr.runDetached(id, ["sleep", "100000"], [...podFlags(pod.id, "container"), "--null-io"]);
    times.push(performance.now() - began);
    if (times.length % 50 === 0) say(`${times.length} containers run`);
  }
  const tenth = Math.ceil(count / 10);
  const [first, last] = [median(times.slice(0, tenth)), median(times.slice(-tenth))];
  const full = await settled(pid);
  const compared = count < compareFrom ? [] : [await inTurn(machine, pod.id)];

  const listed = await ctr.tasks();
  const seen = { running: 0, metered: 0, listed: 0, executed: 0 };
  const began = Date.now();
  await rounds(0, count, atOnce, async (number) => {
    const id = ids[number] ?? "";
    const state = await task.state({ id, execId: "" });
    if (state.status === Status.RUNNING && listed.get(id)?.status === "RUNNING") seen.running += 1;
    if ((await task.stats({ id })).stats !== undefined) seen.metered += 1;
    if ((await task.pids({ id })).processes.some(({ pid }) => pid === state.pid)) seen.listed += 1;
    if ((await execute(pod.shim, id, "e1", ["sh", "-c", "exit 3"])) === 3) seen.executed += 1;
  });
  say(`state, stats, pids and exec of each: ${Date.now() - began} ms`);
  const worked = await settled(pid);

  const deleted = await succeeds("kill and delete of each", `${count} deleted`, async () => {
    await rounds(0, count, atOnce, async (number) => {
      await task.kill({ id: ids[number] ?? "", execId: "", signal: 9, all: false });
      assert.equal((await task.wait({ id: ids[number] ?? "", execId: "" })).exitStatus, 137);
    });
    // ctr ends with the exit code of what it deletes.
    const { stdout, stderr } = await ctr.call(["tasks", "delete", ...ids], { timeout: 300_000 });
    await ctr.ok("containers", "delete", ...ids);
    assert.deepEqual([...(await ctr.tasks()).keys()], [pod.id], stdout + stderr);
  });
  const after = await settled(pid);
  await stopPod(machine, pod);

  const each = (now: number, then: number): number => round(((now - then) * 1024) / count);
  return [
    equal("containers that run at once in the pod", count, seen.running),
    equal("that answer stats", count, seen.metered),
    equal("that list their process", count, seen.listed),
    equal("that take an exec", count, seen.executed),
    deleted,
    figure("ctr run of the first tenth and of the last", `${round(first)} ms, ${round(last)} ms`),
    ...compared.flat(),
    figure("the daemon's RSS: no member, all, after the calls, none again", rssOf(empty, full, worked, after)),
    figure("private dirty of the daemon for each container", `${each(full.dirty, empty.dirty)} KiB`),
    figure("descriptors of the daemon for each container", `${(full.descriptors - empty.descriptors) / count}`),
    atMost("descriptors, none again", empty.descriptors, after.descriptors, ""),
    atMost(
      "threads, at most",
      empty.threads + runtimeThreads,
      Math.max(full.threads, worked.threads, after.threads),
      "",
    ),
    await succeeds("left on the host and in containerd", "nothing", () => machine.traces.assertNoLeaks(before, 30_000)),
  ];
}

/** Fewer containers than this show nothing that a busy machine does not hide. */
const compareFrom = 100;
const turns = 20;

/** A machine's other work, and what many containers cost the kernel and containerd, weigh on both alike. */
async function inTurn(machine: Machine, pod: string): Promise<Finding[]> {
  const { ctr } = machine;
  const other = await startPod(machine, "other");
  const times = { crowded: [] as number[], lonely: [] as number[] };
  for (let turn = 0; turn < turns; turn++) {
    for (const [kind, of] of [
      ["crowded", pod],
      ["lonely", other.id],
    ] as const) {
      const id = machine.id(`turn${turn}`);
      const began = performance.now();
      await ctr.runDetached(id, ["sleep", "100000"], [...podFlags(of, "container"), "--null-io"]);
      times[kind].push(performance.now() - began);
      await ctr.remove(id);
    }
  }
  await stopPod(machine, other);
  const [crowded, lonely] = [median(times.crowded), median(times.lonely)];
  return [
    figure(`one more, and one in a pod of two, ${turns} each in turn`, `${round(crowded)} ms, ${round(lonely)} ms`),
    atMost("their ratio", 1.2, crowded / lonely, ""),
  ];
}

type Footprint = Awaited<ReturnType<typeof settled>>;

function rssOf(...moments: readonly Footprint[]): string {
  return `${moments.map(({ rss }) => round(rss)).join(", ")} MiB`;
}
