import assert from "node:assert/strict";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtime } from "#runtime";
import { leakedFds, openFds } from "../../../sys/fd-leaks.ts";
import { close } from "../../../sys/libc.ts";
import { socketPair } from "../../../sys/libc-socket.ts";
import type { ChildProcess } from "../../../sys/runtime.ts";
import { findProgram } from "../../find-program.ts";
import { FdMonitor } from "./fd-monitor.ts";
import { confined } from "./vm-process.ts";

function missing(): string | false {
  try {
    findProgram("qemu-system-x86_64", "");
    return false;
  } catch {
    return "needs qemu-system-x86_64 (Debian: qemu-system-x86) on PATH";
  }
}

describe("fds for a real QEMU that may open nothing", { skip: missing() }, () => {
  const directory = mkdtempSync(join(tmpdir(), "uvm-fds-"));
  const path = join(directory, "disk");
  let fdsBefore = openFds();
  let qemu: ChildProcess;
  let monitor: FdMonitor;

  before(async () => {
    writeFileSync(path, new Uint8Array(1 << 20), { mode: 0o600 });
    // What the runtime opens once and keeps is open after the first stream.
    for (const fd of socketPair()) runtime.adopt(fd, "socket").destroy();
    fdsBefore = openFds();
    const [ours, theirs] = socketPair();
    const sandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";
    // Running: a QEMU that stands still keeps what is removed.
    const machine = "-nodefaults -no-user-config -display none -machine none -chardev socket,id=q,fd=3";
    const argv = ["qemu-system-x86_64", "-sandbox", sandbox, ...machine.split(" "), "-mon", "chardev=q,mode=control"];
    qemu = runtime.spawn(confined("v1", "setpriv", argv), { stdio: ["null", "null", 2, theirs] });
    close(theirs);
    monitor = await FdMonitor.over(ours, { signal: AbortSignal.timeout(30_000) });
  });
  after(async () => {
    monitor.close();
    qemu.kill(9);
    await qemu.exited;
    rmSync(directory, { recursive: true });
    assert.deepEqual(await leakedFds(fdsBefore), []);
  });

  const blockdev = (name: string, filename: string) =>
    monitor.qmp.execute("blockdev-add", { driver: "file", "node-name": name, filename, "read-only": true });

  it("opens a disk by its set, and by nothing else", async () => {
    await assert.rejects(blockdev("d", path), { kind: "permission-denied" });
    const fd = openSync(path, "r");
    const set = await monitor.addFd(fd);
    close(fd);
    await blockdev("d", set.path);
    await monitor.removeFd(set.id);
    await monitor.qmp.execute("blockdev-del", { "node-name": "d" });
    assert.deepEqual(await monitor.qmp.execute("query-fdsets"), []);
    await assert.rejects(monitor.removeFd(set.id), { kind: "not-found" });
  });

  it("gets each fd for its own command, however many are on their way at once", async () => {
    const files = Array.from({ length: 20 }, (_, i) => {
      writeFileSync(join(directory, `d${i}`), new Uint8Array(512 * (i + 1)));
      return openSync(join(directory, `d${i}`), "r");
    });
    const sets = await Promise.all(
      files.map(async (fd, i) => {
        // Commands without fds in between.
        const [set] = await Promise.all([monitor.addFd(fd), monitor.qmp.execute("query-status")]);
        // Refused where the file is smaller: a mix-up of any two is.
        const file = { driver: "file", filename: set.path };
        const size = 512 * (i + 1);
        await monitor.qmp.execute("blockdev-add", {
          driver: "raw",
          "node-name": `d${i}`,
          size,
          file,
          "read-only": true,
        });
        return set;
      }),
    );
    for (const fd of files) close(fd);
    assert.equal(new Set(sets.map(({ id }) => id)).size, files.length);
    for (const [i, { id }] of sets.entries()) {
      await monitor.removeFd(id);
      await monitor.qmp.execute("blockdev-del", { "node-name": `d${i}` });
    }
  });

  it("keeps a named fd until it is used or closed", async () => {
    const [left, right] = socketPair();
    await monitor.nameFd("s", left);
    close(left);
    const addr = { type: "fd", data: { str: "s" } };
    await monitor.qmp.execute("chardev-add", {
      id: "c",
      backend: { type: "socket", data: { addr, server: false } },
    });
    await monitor.qmp.execute("chardev-remove", { id: "c" });
    await assert.rejects(monitor.qmp.execute("closefd", { fdname: "s" }), { kind: "not-found" });
    close(right);
  });

  it("sends nothing for a caller that has left, or after its end", async () => {
    await assert.rejects(monitor.addFd(0, { signal: AbortSignal.abort(new Error("left")) }), { message: "left" });
    qemu.kill(9);
    await monitor.qmp.closed;
    await assert.rejects(monitor.addFd(0), { kind: "unavailable" });
    await assert.rejects(monitor.nameFd("n", 0), { kind: "unavailable" });
  });
});
