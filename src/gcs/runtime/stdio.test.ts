import assert from "node:assert/strict";
import { constants, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type LiveGuest, notLive, refused, withGuest } from "./live-guest.ts";

const skip = notLive() ?? false;
const EIGHT_MIB = 8 * 1024 * 1024;
/** 8 MiB whose every byte can be checked: lines of numbers. */
const FLOOD = `i=0; while [ $i -lt 64 ]; do dd if=/tmp/block bs=128k count=1 2>/dev/null; i=$((i+1)); done; exit 3`;
const MAKE_BLOCK = "head -c 131072 /dev/zero | tr '\\0' 'x' > /tmp/block";

async function tty(guest: LiveGuest, args: readonly string[], early: boolean) {
  const streams = guest.streams({ stderr: false });
  const settings = await guest.bundle("c1", args, { process: { terminal: true } });
  const { initPid: pid } = await guest.host.createContainer("c1", {
    ...settings,
    ...(early && { initStdio: streams.ports }),
  });
  await guest.host.startInit("c1", early ? {} : streams.ports);
  return { ...streams, pid };
}

describe("stdio of a container's process", { skip }, () => {
  it("brings 8 MiB and then the exit over streams", () =>
    withGuest(["c1"], async (guest) => {
      const { pid, stdout } = await guest.run("c1", ["/bin/sh", "-c", `${MAKE_BLOCK}; ${FLOOD}`]);
      assert.equal(await guest.wait("c1", pid), 3);
      assert.equal(stdout.length, EIGHT_MIB);
      assert.ok(stdout.bytes.every((byte) => byte === 0x78));
    }));

  it("brings 8 MiB and then the exit over an fd", () =>
    withGuest(["c1"], async (guest) => {
      const out = join(guest.directory, "out");
      const settings = await guest.bundle("c1", ["/bin/sh", "-c", `${MAKE_BLOCK}; ${FLOOD}`]);
      const initStdio = { stdout: guest.offer(openSync(out, constants.O_CREAT | constants.O_WRONLY)) };
      const { initPid } = await guest.host.createContainer("c1", { ...settings, initStdio });
      await guest.host.startInit("c1", {});
      assert.equal(await guest.wait("c1", initPid), 3);
      assert.equal(statSync(out).size, EIGHT_MIB);
      assert.ok(readFileSync(out).every((byte) => byte === 0x78));
    }));

  it("joins streams at the start where the create brought none", () =>
    withGuest(["c1"], async (guest) => {
      const streams = guest.streams();
      const { initPid } = await guest.host.createContainer(
        "c1",
        await guest.bundle("c1", ["/bin/sh", "-c", "cat; echo e >&2"]),
      );
      await guest.host.startInit("c1", streams.ports);
      await streams.stdin.write("late");
      await streams.stdin.end();
      assert.equal(await guest.wait("c1", initPid), 0);
      assert.equal(streams.stdout.text, "late");
      assert.equal(streams.stderr.text, "e\n");
    }));

  it("is an empty input and a bottomless output where the host wants none", () =>
    withGuest(["c1"], async (guest) => {
      const script = `${MAKE_BLOCK}; cat; ${FLOOD}`;
      const { initPid } = await guest.host.createContainer("c1", await guest.bundle("c1", ["/bin/sh", "-c", script]));
      await guest.host.startInit("c1", {});
      assert.equal(await guest.wait("c1", initPid), 3);
    }));

  it("ends the input with the host's half-close, and goes on with the output", () =>
    withGuest(["c1"], async (guest) => {
      const { pid, stdin, stdout } = await guest.run("c1", ["/bin/sh", "-c", "cat; echo after"]);
      await stdin.write("one\n");
      await stdout.until("one\n");
      await stdin.write("two\n");
      await stdin.end();
      assert.equal(await guest.wait("c1", pid), 0);
      assert.equal(stdout.text, "one\ntwo\nafter\n");
    }));

  it("withholds the exit until the host has half-closed each output", () =>
    withGuest(["c1"], async (guest) => {
      const streams = guest.streams({ halfClose: false });
      const settings = await guest.bundle("c1", ["/bin/echo", "x"]);
      const { initPid } = await guest.host.createContainer("c1", { ...settings, initStdio: streams.ports });
      await guest.host.startInit("c1", {});
      await Promise.all([streams.stdout.ended(), streams.stderr.ended()]);
      await streams.stdout.end();
      await refused(guest.wait("c1", initPid, 50), "deadline-exceeded");
      await streams.stderr.end();
      assert.equal(await guest.wait("c1", initPid), 0);
      assert.ok(guest.host.heldBackMs("c1", initPid) >= 50);
      assert.equal(guest.host.heldBackMs("c1", initPid + 1), 0);
      assert.equal(streams.stdout.text, "x\n");
    }));

  it("does not hold the process up when the host goes away", () =>
    withGuest(["c1"], async (guest) => {
      const { pid, stdout, stderr } = await guest.run("c1", ["/bin/sh", "-c", `${MAKE_BLOCK}; echo go; ${FLOOD}`]);
      await stdout.until("go");
      stdout.destroy();
      stderr.destroy();
      assert.equal(await guest.wait("c1", pid), 3);
    }));

  it("gives up on output that a process left behind holds open", () =>
    withGuest(
      ["c1"],
      async (guest) => {
        await guest.run("c1", ["/bin/sleep", "1000"]);
        const streams = guest.streams();
        const ociProcess = {
          args: ["/bin/sh", "-c", "sleep 1000 & echo left; exit 4"],
          cwd: "/",
          env: ["PATH=/bin"],
          user: { uid: 0, gid: 0 },
        };
        const { pid } = await guest.host.execInContainer("c1", { ociProcess, emulateConsole: false }, streams.ports);
        assert.equal(await guest.wait("c1", pid), 4);
        assert.equal(streams.stdout.text, "left\n");
      },
      { drainMs: 1000 },
    ));
});

describe("a terminal of a container's process", { skip }, () => {
  for (const early of [true, false]) {
    it(`is joined ${early ? "at the create" : "at the start"}, resized, and read to its end`, () =>
      withGuest(["c1"], async (guest) => {
        const { pid, stdin, stdout } = await tty(guest, ["/bin/sh"], early);
        await guest.host.resizeConsole("c1", pid, 91, 17);
        await stdin.write("tty; stty size; exit 6\n");
        assert.equal(await guest.wait("c1", pid), 6);
        assert.match(stdout.text, /\/dev\/pts\/\d+\r\n/);
        assert.match(stdout.text, /17 91\r\n/);
      }));
  }

  it("brings all of a flood before the exit", () =>
    withGuest(["c1"], async (guest) => {
      const { pid, stdout } = await tty(guest, ["/bin/sh", "-c", `${MAKE_BLOCK}; ${FLOOD}`], true);
      assert.equal(await guest.wait("c1", pid), 3);
      assert.equal(stdout.length, EIGHT_MIB);
    }));

  it("is one for an exec too, and none where none was asked for", () =>
    withGuest(["c1"], async (guest) => {
      const init = await guest.run("c1", ["/bin/sleep", "1000"]);
      await refused(guest.host.resizeConsole("c1", init.pid, 80, 24), "failed-precondition", /has no terminal/);
      const streams = guest.streams({ stderr: false });
      const ociProcess = { args: ["/bin/tty"], cwd: "/", env: ["PATH=/bin"], user: { uid: 0, gid: 0 }, terminal: true };
      const { pid } = await guest.host.execInContainer("c1", { ociProcess, emulateConsole: true }, streams.ports);
      assert.equal(await guest.wait("c1", pid), 0);
      assert.match(streams.stdout.text, /^\/dev\/pts\/\d+\r\n$/);
      await refused(guest.host.resizeConsole("c1", pid, 80, 24), "failed-precondition", /terminal is closed/);
    }));
});

describe("an external process", { skip }, () => {
  const NULL_ID = "00000000-0000-0000-0000-000000000000";

  it("runs in the guest itself with its directory, environment and stdio", () =>
    withGuest([], async (guest) => {
      const streams = guest.streams();
      const commandArgs = ["/bin/sh", "-c", "pwd; echo $WHAT; cat; exit 8"];
      const settings = {
        commandArgs,
        workingDirectory: guest.directory,
        environment: { WHAT: "ours" },
        emulateConsole: false,
      };
      const { pid } = await guest.host.execExternal(settings, streams.ports);
      await streams.stdin.write("in");
      await streams.stdin.end();
      assert.equal(await guest.wait(NULL_ID, pid), 8);
      assert.equal(streams.stdout.text, `${guest.directory}\nours\nin`);
    }));

  it("has a controlling terminal where it asks for one", () =>
    withGuest([], async (guest) => {
      const streams = guest.streams({ stderr: false });
      const commandArgs = ["/bin/sh", "-c", "tty; read x; stty size < /dev/tty; echo got $x"];
      const settings = { commandArgs, workingDirectory: "", environment: {}, emulateConsole: true };
      const { pid } = await guest.host.execExternal(settings, streams.ports);
      await streams.stdout.until("/dev/pts/");
      await guest.host.resizeConsole(NULL_ID, pid, 91, 17);
      await streams.stdin.write("line\n");
      assert.equal(await guest.wait(NULL_ID, pid), 0);
      assert.match(streams.stdout.text, /17 91\r\n/);
      assert.match(streams.stdout.text, /got line\r\n/);
    }));

  it("is signalled, shown in a stack dump, and refused where it can't be started", () =>
    withGuest([], async (guest) => {
      const start = (...commandArgs: string[]) =>
        guest.host.execExternal({ commandArgs, workingDirectory: "", environment: {}, emulateConsole: false }, {});
      const { pid } = await start("/bin/sleep", "1000");
      assert.match(await guest.host.dumpStacks(), new RegExp(`^ {2}pid ${pid} running.*/bin/sleep 1000$`, "m"));
      await guest.host.signalProcess(NULL_ID, pid, { signal: 15 });
      assert.equal(await guest.wait(NULL_ID, pid), 143);
      await refused(guest.host.signalProcess(NULL_ID, pid, {}), "not-found");
      await refused(start("no-such-program"), "invalid-argument", /"no-such-program" cannot be started/);
      await refused(start(), "invalid-argument", /CommandArgs is empty/);
    }));
});
