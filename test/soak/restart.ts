import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { podFlags } from "../harness/ctr.ts";
import { watchEvents } from "../harness/events.ts";
import type { Machine } from "../harness/machine.ts";
import { service } from "../harness/service.ts";
import { until } from "../harness/until.ts";
import { equal, type Finding, figure, succeeds } from "./finding.ts";
import { type Amount, rounds, startPod } from "./lifecycle.ts";
import { type ShimTasks, shimTasks } from "./shim-tasks.ts";

const signals = ["SIGTERM", "SIGKILL"] as const;

/**
 * containerd ends under running pods, by SIGTERM and then by SIGKILL, and comes back: it has to find each container as it was,
 * to be told of those that ended meanwhile, and to rule them as before. A tenth of the pods have a second container.
 */
export async function restarts(machine: Machine, { count, atOnce, say }: Amount): Promise<Finding[]> {
  const { ctr } = machine;
  const before = machine.traces.inventory();
  const findings: Finding[] = [];
  const pods: string[] = [];
  const members: string[] = [];
  await rounds(0, count, atOnce, async (number) => {
    const { id, shim } = await startPod(machine, `pod${number}`);
    shim.close();
    pods.push(id);
    if (number % 10 !== 0) return;
    const member = machine.id(`member${number}`);
    await ctr.runDetached(member, ["sleep", "100000"], [...podFlags(id, "container"), "--null-io"]);
    members.push(member);
  });
  say(`${pods.length} pods and ${members.length} members run`);

  for (const signal of signals) findings.push(...(await restart(machine, signal, [...pods, ...members], say)));

  const events = await watchEvents(ctr);
  const all = [...members, ...pods];
  findings.push(
    await succeeds("kill and delete of each, its events once each", `${all.length} deleted`, async () => {
      await rounds(0, all.length, atOnce, async (number) => {
        await ctr.ok("tasks", "kill", "--signal", "SIGKILL", all[number] ?? "");
      });
      for (const id of all) assert.equal((await events.waitFor(id, "/tasks/exit")).fields.exit_status, 137);
      await ctr.call(["tasks", "delete", ...all], { timeout: 300_000 });
      await ctr.ok("containers", "delete", ...all);
      for (const id of all) await events.waitFor(id, "/tasks/delete");
      for (const id of all) assert.deepEqual(events.topics(id).sort(), ["delete", "exit"], id);
      assert.equal((await ctr.tasks()).size, 0);
    }),
  );
  await events.close();
  findings.push(
    await succeeds("left on the host and in containerd", "nothing", () => machine.traces.assertNoLeaks(before, 60_000)),
  );
  return findings;
}

async function restart(
  machine: Machine,
  signal: (typeof signals)[number],
  ids: readonly string[],
  say: (line: string) => void,
): Promise<Finding[]> {
  const { ctr, containerd } = machine;
  const ending = machine.id("ending");
  const log = machine.file(`${ending}.log`);
  await ctr.runDetached(ending, service(9), ["--log-uri", `file://${log}`]);
  await until(`${ending} is ready`, () => readFileSync(log, "utf8") !== "");
  const shim = await shimTasks(machine, ending);
  const tasks = await ctr.tasks();
  const daemons = daemonsOf(machine);
  // SIGTERM lets containerd end its own way; its shims are to go on either way.
  await containerd.stop(signal);
  await end(shim, ending);
  const began = Date.now();
  await containerd.start();
  const now = await ctr.tasks();
  const listed = Date.now() - began;
  say(`containerd is back after ${signal}: ${listed} ms`);

  const same = ids.filter((id) => now.get(id)?.status === "RUNNING" && now.get(id)?.pid === tasks.get(id)?.pid);
  const events = await watchEvents(ctr);
  const ended = await succeeds("a container that ended meanwhile", "STOPPED, exit status 9", async () => {
    assert.equal(now.get(ending)?.status, "STOPPED");
    await ctr.call(["tasks", "delete", ending]);
    assert.equal((await events.waitFor(ending, "/tasks/delete")).fields.exit_status, 9);
    await ctr.ok("containers", "delete", ending);
  });
  await events.close();
  let executed = 0;
  await rounds(0, ids.length, 2, async (number) => {
    if ((await ctr.exec(ids[number] ?? "", `after-${signal}`, ["echo", "back"])).stdout === "back\n") executed += 1;
  });
  await until("the ended pod's daemon is gone", () => daemonsOf(machine).length < daemons.length);
  return [
    equal(`${signal}: containers RUNNING again, with their pid`, ids.length, same.length),
    equal(`${signal}: that take an exec`, ids.length, executed),
    equal(`${signal}: tasks that containerd lists, of those there were`, tasks.size, now.size),
    { ...ended, what: `${signal}: ${ended.what}` },
    equal(`${signal}: daemons, the same as before but for that one`, daemons.length - 1, stayed(machine, daemons)),
    figure(`${signal}: containerd's start until it lists them`, `${listed} ms`),
  ];
}

async function end({ task, close }: ShimTasks, id: string): Promise<void> {
  await task.kill({ id, execId: "", signal: 15, all: false });
  assert.equal((await task.wait({ id, execId: "" })).exitStatus, 9);
  close();
}

function daemonsOf(machine: Machine): number[] {
  return machine.traces
    .processes()
    .filter(({ title }) => title.includes(machine.runtime.binary))
    .map(({ pid }) => pid);
}

/** -1 where there is one that was not there before. */
function stayed(machine: Machine, before: readonly number[]): number {
  const now = daemonsOf(machine);
  return now.every((pid) => before.includes(pid)) ? now.length : -1;
}
