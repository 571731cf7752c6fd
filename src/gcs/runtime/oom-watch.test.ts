import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Cgroup, cgroupOf, oomCounterDirectory, oomKills } from "../../sys/cgroup.ts";
import { type LiveGuest, notLive, withGuest } from "./live-guest.ts";
import { OomWatch } from "./oom-watch.ts";

const LIMIT = 24 * 1024 * 1024;
/** Three times the limit, written into at once. */
const EAT = "dd if=/dev/zero of=/dev/null bs=72M count=1 2>/dev/null";

/** As whoever owns the node may. Of swap there is none then, where it is counted. */
function setLimit(cgroup: Cgroup, above: string): void {
  const directory = join(oomCounterDirectory(cgroup) ?? assert.fail("no memory controller"), above);
  const [memory, swap, swapLimit] =
    cgroup.mode === "v2"
      ? (["memory.max", "memory.swap.max", 0] as const)
      : (["memory.limit_in_bytes", "memory.memsw.limit_in_bytes", LIMIT] as const);
  writeFileSync(join(directory, memory), String(LIMIT));
  if (existsSync(join(directory, swap))) writeFileSync(join(directory, swap), String(swapLimit));
}

describe("memory that runs out in a container", { skip: notLive() ?? false }, () => {
  /** Of what is told and answered, in its order. */
  function record(guest: LiveGuest): string[] {
    const told: string[] = [];
    guest.host.onOutOfMemory((id) => told.push(`oom ${id}`));
    return told;
  }

  async function run(guest: LiveGuest, script: string) {
    const { ociSpecification } = await guest.bundle("c1", []);
    const linux = { ...(ociSpecification.linux as object), resources: { memory: { limit: LIMIT, swap: LIMIT } } };
    return await guest.run("c1", ["/bin/sh", "-c", script], { linux });
  }

  it("is told before the exit code of the init that it killed is answered", () =>
    withGuest(["c1"], async (guest) => {
      const told = record(guest);
      const { pid } = await run(guest, `exec ${EAT}`);
      told.push(`exit ${await guest.wait("c1", pid)}`);
      assert.deepEqual(told, ["oom c1", "exit 137"]);
    }));

  it("is told before the exit code of an exec that it killed, once, and not again with the init's", () =>
    withGuest(["c1"], async (guest) => {
      const told = record(guest);
      const { pid } = await run(guest, "sleep 1000");
      const ociProcess = { args: ["/bin/sh", "-c", `exec ${EAT}`], cwd: "/", env: ["PATH=/bin"] };
      const exec = await guest.host.execInContainer("c1", { ociProcess, emulateConsole: false }, {});
      told.push(`exec ${await guest.wait("c1", exec.pid)}`);
      await guest.host.signalProcess("c1", pid, { signal: 9 });
      told.push(`exit ${await guest.wait("c1", pid)}`);
      assert.deepEqual(told, ["oom c1", "exec 137", "exit 137"]);
    }));

  it("is told of a process that nobody waits for, while the container lives on", () =>
    withGuest(["c1"], async (guest) => {
      const told = new Promise<string>((resolve) => guest.host.onOutOfMemory(resolve));
      const { pid, stdout } = await run(guest, `${EAT}; echo child $?; sleep 1000`);
      assert.equal(await told, "c1");
      await stdout.until("child 137");
      assert.ok((await guest.host.processList("c1")).includes(pid));
    }));

  for (const [where, above] of [
    ["its own", "."],
    ["one above it", ".."],
  ] as const) {
    it(`is told where the limit came later, ${where}`, () =>
      withGuest(["c1"], async (guest) => {
        const told = new Promise<string>((resolve) => guest.host.onOutOfMemory(resolve));
        const script = `read line; ${EAT}; echo child $?; sleep 1000`;
        const { pid, stdin, stdout } = await guest.run("c1", ["/bin/sh", "-c", script]);
        setLimit(cgroupOf(pid), above);
        await stdin.write("go\n");
        assert.equal(await told, "c1");
        await stdout.until("child 137");
      }));
  }

  // The kernel was told to tell of it only then: a container that lived on never had its event.
  it("is told where it ran out before we saw that a limit had come", () =>
    withGuest(["c1"], async (guest) => {
      const told = new Promise<string>((resolve) => guest.host.onOutOfMemory(resolve));
      const script = `until [ -e /go ]; do :; done; ${EAT}; echo child $?; sleep 1000`;
      const { pid, stdout } = await guest.run("c1", ["/bin/sh", "-c", script]);
      const cgroup = cgroupOf(pid);
      setLimit(cgroup, ".");
      writeFileSync(`/proc/${pid}/root/go`, "");
      // Without a turn of the loop, in which we would see it.
      for (const end = performance.now() + 60_000; oomKills(cgroup) === 0; ) {
        assert.ok(performance.now() < end, "nothing was killed in a minute");
      }
      assert.equal(await told, "c1");
      await stdout.until("child 137");
    }));

  it("kills by the score that the specification gives; an exec has its container's, as runc has it", () =>
    withGuest(["c1"], async (guest) => {
      const script = "read score </proc/self/oom_score_adj; echo score $score.; sleep 1000";
      const { stdout } = await guest.run("c1", ["/bin/sh", "-c", script], { process: { oomScoreAdj: 321 } });
      await stdout.until("score 321.");
      const exec = guest.streams();
      const ociProcess = { args: ["/bin/sh", "-c", script], cwd: "/", env: ["PATH=/bin"] };
      await guest.host.execInContainer("c1", { ociProcess, emulateConsole: false }, exec.ports);
      await exec.stdout.until("score 321.");
    }));

  it("is not told of a process that was killed by a signal", () =>
    withGuest(["c1"], async (guest) => {
      const told = record(guest);
      const { pid } = await run(guest, "sh -c 'kill -9 $$'; exit $?");
      assert.equal(await guest.wait("c1", pid), 137);
      assert.deepEqual(told, []);
    }));
});

describe("the count of OOM kills", () => {
  const dialects = [
    [
      "v2",
      "memory.events",
      (directory: string): Cgroup => ({ mode: "v2", controllers: new Map(), unified: directory }),
    ],
    ["v1", "memory.oom_control", (at: string): Cgroup => ({ mode: "v1", controllers: new Map([["memory", at]]) })],
  ] as const;
  for (const [mode, file, cgroupAt] of dialects) {
    it(`of cgroup ${mode} is looked at when it is asked to, told once, and not after the stop`, () => {
      const directory = mkdtempSync(join(tmpdir(), "oom-watch-"));
      try {
        const count = (kills: number) => writeFileSync(join(directory, file), `oom 9\noom_kill ${kills}\n`);
        let told = 0;
        count(3);
        const watch = new OomWatch(cgroupAt(directory), () => {
          told += 1;
        });
        watch.check();
        assert.equal(told, 0, "what was before is not of this container");
        count(5);
        watch.check();
        watch.check();
        assert.equal(told, 1);
        rmSync(join(directory, file));
        watch.check();
        count(6);
        watch.stop();
        watch.check();
        assert.equal(told, 1);
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  }
});
