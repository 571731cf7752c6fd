import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type LiveGuest, notLive, refused, withGuest } from "./live-guest.ts";

const skip = notLive() ?? false;

const ociProcess = (args: readonly string[], change: object = {}) => ({
  args,
  cwd: "/",
  env: ["PATH=/bin"],
  user: { uid: 0, gid: 0 },
  ...change,
});

async function exec(guest: LiveGuest, args: readonly string[], change: object = {}) {
  const streams = guest.streams();
  const settings = { ociProcess: ociProcess(args, change), emulateConsole: false };
  return { ...streams, ...(await guest.host.execInContainer("c1", settings, streams.ports)) };
}

describe("a process in a running container", { skip }, () => {
  it("has its own stdio and exit code", () =>
    withGuest(["c1"], async (guest) => {
      await guest.run("c1", ["/bin/sleep", "1000"]);
      const { pid, stdout, stderr } = await exec(guest, ["/bin/sh", "-c", "echo out; echo err >&2; exit 9"]);
      assert.equal(await guest.wait("c1", pid), 9);
      assert.equal(stdout.text, "out\n");
      assert.equal(stderr.text, "err\n");
      assert.equal(await guest.wait("c1", pid), 9);
    }));

  it("may come before the container's start", () =>
    withGuest(["c1"], async (guest) => {
      const { initPid } = await guest.host.createContainer("c1", await guest.bundle("c1", ["/bin/sleep", "1000"]));
      const { pid, stdout } = await exec(guest, ["/bin/echo", "early"]);
      assert.equal(await guest.wait("c1", pid), 0);
      assert.equal(stdout.text, "early\n");
      assert.deepEqual(await guest.host.startInit("c1", {}), { pid: initPid });
    }));

  it("is killed alone, and is not found afterwards", () =>
    withGuest(["c1"], async (guest) => {
      const init = await guest.run("c1", ["/bin/sleep", "1000"]);
      const { pid } = await exec(guest, ["/bin/sleep", "1000"]);
      assert.equal((await guest.host.processList("c1")).length, 2);
      await guest.host.signalProcess("c1", pid, { signal: 15 });
      assert.equal(await guest.wait("c1", pid), 143);
      await refused(guest.host.signalProcess("c1", pid, { signal: 15 }), "not-found", /process already finished/);
      assert.deepEqual(await guest.host.processList("c1"), [init.pid]);
    }));

  it("says what runc says when the command is not there, and leaves the container alone", () =>
    withGuest(["c1"], async (guest) => {
      const init = await guest.run("c1", ["/bin/cat"]);
      await refused(
        exec(guest, ["nope"]),
        "invalid-argument",
        /exec failed: .*"nope": executable file not found in \$PATH/,
      );
      await refused(exec(guest, []), "invalid-argument", /args must be a list of strings/);
      await refused(exec(guest, ["/bin/true"], { cwd: 7 }), "invalid-argument");
      await init.stdin.end();
      assert.equal(await guest.wait("c1", init.pid), 0);
      await refused(exec(guest, ["/bin/true"]), "failed-precondition", /is stopped; cannot exec in it/);
    }));

  it("ends with the container, and its wait is answered", () =>
    withGuest(["c1"], async (guest) => {
      const init = await guest.run("c1", ["/bin/sleep", "1000"]);
      const { pid } = await exec(guest, ["/bin/sleep", "1000"]);
      const waiting = guest.wait("c1", pid);
      await guest.host.shutdownContainer("c1", "forced");
      assert.equal(await guest.wait("c1", init.pid), 137);
      assert.equal(await waiting, 137);
    }));

  it("keeps the codes of many that die at once", () =>
    withGuest(["c1"], async (guest) => {
      await guest.run("c1", ["/bin/sleep", "1000"]);
      const codes = await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const { pid } = await exec(guest, ["/bin/sh", "-c", `exit ${index}`]);
          return guest.wait("c1", pid);
        }),
      );
      assert.deepEqual(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }));
});
