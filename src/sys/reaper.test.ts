import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runtime } from "#runtime";
import { useReaper } from "../../test/harness/use-reaper.ts";
import { kill } from "./libc-process.ts";
import { isAlive, processStat, startTime } from "./process.ts";
import { SysError } from "./sys-error.ts";

const idle = { data() {}, end() {}, drain() {}, close() {} };

/** A process whose parent, a shell, is gone; on `release` it runs the script. */
async function orphan(script: string): Promise<{ pid: number; release: () => void }> {
  const shell = runtime.spawn(["sh", "-c", `sh -c 'read line <&3; ${script}' >/dev/null & echo $!`], {
    stdio: ["null", "pipe", "null", "pipe"],
  });
  const gate = shell.pipes[3];
  gate?.open(idle);
  let output = "";
  const ended = new Promise<void>((resolve) => {
    shell.pipes[1]?.open({
      ...idle,
      data: (chunk) => {
        output += Buffer.from(chunk).toString();
      },
      close: () => resolve(),
    });
  });
  await Promise.all([ended, shell.exited]);
  return { pid: Number(output), release: () => gate?.destroy() };
}

describe("processes in /proc", () => {
  it("knows itself, by pid and start time", () => {
    const started = startTime(process.pid);
    assert.ok(started !== undefined && started > 0n);
    assert.equal(isAlive(process.pid, started), true);
    assert.equal(isAlive(process.pid, started + 1n), false, "a pid with another start time is another process");
    assert.equal(processStat(process.pid)?.parentPid, process.ppid);
  });

  it("knows nothing of a pid that is not there", () => {
    assert.equal(startTime(2 ** 30), undefined);
    assert.equal(isAlive(2 ** 30, 1n), false);
    assert.equal(kill(2 ** 30, 0), false);
  });
});

describe("reaper", () => {
  const reaper = useReaper();

  it("tells the exit code and the signal of orphans that die later", async () => {
    const killed = await orphan("");
    const watched = reaper.watch(killed.pid);
    assert.equal(reaper.watch(killed.pid), watched, "two watches of one process are one");
    assert.equal(kill(killed.pid, 9), true);
    assert.deepEqual(await watched, { code: 137, signal: 9 });
    assert.equal(processStat(killed.pid), undefined, "reaped, not left as a zombie");
    killed.release();

    const ends = await orphan("exit 42");
    const exited = reaper.watch(ends.pid);
    ends.release();
    assert.deepEqual(await exited, { code: 42 });
  });

  it("finds one that died before it was watched, once", async () => {
    const fresh = await orphan("");
    kill(fresh.pid, 9);
    assert.deepEqual(await reaper.watch(fresh.pid), { code: 137, signal: 9 });
    fresh.release();

    const first = await orphan("exit 3");
    const second = await orphan("exit 4");
    // The second follows the first, so its end proves that the first one's was seen.
    const later = reaper.watch(second.pid);
    first.release();
    while (processStat(first.pid) !== undefined) await new Promise((resolve) => setImmediate(resolve));
    second.release();
    await later;
    assert.deepEqual(await reaper.watch(first.pid), { code: 3 });
    await assert.rejects(reaper.watch(first.pid), (error) => error instanceof SysError && error.code === "ECHILD");
  });

  it("leaves the runtime's own children to it, and sees the orphans behind them", async () => {
    const orphans = await Promise.all(Array.from({ length: 20 }, (_, i) => orphan(`exit ${100 + i}`)));
    const children = Array.from({ length: 20 }, (_, i) => runtime.spawn(["sh", "-c", `exit ${i}`]));
    for (const { release } of orphans) release();
    const exits = await Promise.all([
      ...children.map((child) => child.exited),
      ...orphans.map(({ pid }) => reaper.watch(pid)),
    ]);
    assert.deepEqual(
      exits.map(({ code }) => code),
      Array.from({ length: 40 }, (_, i) => (i < 20 ? i : 80 + i)),
    );
  });

  it("waits for a process that is still the child of a child", async () => {
    const parent = runtime.spawn(["sh", "-c", "sleep 1000 & echo $!; read line"], { stdio: ["pipe", "pipe", "null"] });
    parent.pipes[0]?.open(idle);
    const pid = await new Promise<number>((resolve) => {
      parent.pipes[1]?.open({ ...idle, data: (chunk) => resolve(Number(Buffer.from(chunk).toString())) });
    });
    const watched = reaper.watch(pid);
    parent.pipes[0]?.end();
    await parent.exited;
    kill(pid, 15);
    assert.deepEqual(await watched, { code: 143, signal: 15 });
    parent.pipes[1]?.destroy();
  });

  it("refuses to watch a pid that never was", async () => {
    await assert.rejects(reaper.watch(2 ** 30), (error) => error instanceof SysError && error.code === "ECHILD");
  });
});
