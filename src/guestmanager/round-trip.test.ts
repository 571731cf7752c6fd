import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { until } from "../../test/harness/until.ts";
import { isKind } from "../errors/shim-error.ts";
import { type LiveGuest, notLive, withGuest } from "../gcs/runtime/live-guest.ts";
import { mkfifo } from "../sys/libc.ts";
import { createGuest, type LinuxGuest } from "./create-guest.ts";

/** Our own gcs at the other end: real processes and mounts on this machine. */
function joined(test: (guest: LinuxGuest, live: LiveGuest) => Promise<void>): Promise<void> {
  return withGuest([], async (live) => {
    const over = new AbortController();
    const guest = createGuest({ sockets: { listen: live.sockets.host.listen }, requestTimeoutMs: 60_000 });
    guest.prepareConnection();
    const running = live.gcs.run({ signal: over.signal });
    try {
      await guest.createConnection();
      await test(guest, live);
    } finally {
      guest.closeConnection();
      over.abort();
      await running;
    }
  });
}

describe("our own guest, driven by its managers", { skip: notLive() ?? false }, () => {
  it("runs the client's commands in the guest: their output, their input, their exit code", () =>
    joined(async (guest, { directory }) => {
      const [stdin, stdout, stderr] = ["in", "out", "err"].map((name) => join(directory, name)) as [
        string,
        string,
        string,
      ];
      mkfifo(stdin, 0o600);
      const exitCode = guest.execIntoUvm({
        args: ["/bin/sh", "-c", "pwd; echo $PATH; cat; echo oops >&2; exit 3"],
        ...{ workdir: "/usr", stdin, stdout: `file://${stdout}`, stderr: `file://${stderr}` },
      });
      await writeFile(stdin, "typed\n");
      assert.equal(await exitCode, 3);
      const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
      assert.equal(readFileSync(stdout, "utf8"), `/usr\n${path}\ntyped\n`);
      assert.equal(readFileSync(stderr, "utf8"), "oops\n");
      assert.equal(await guest.execIntoUvm({ args: ["/bin/true"] }), 0);
    }));

  it("loses nothing of a command's output", () =>
    joined(async (guest, { directory }) => {
      const stdout = join(directory, "out");
      const args = ["/bin/sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x"];
      assert.equal(await guest.execIntoUvm({ args, stdout: `file://${stdout}` }), 0);
      assert.equal(readFileSync(stdout, "utf8"), "x".repeat(1_000_000));
    }));

  it("ends a command whose client has gone", () =>
    joined(async (guest, { directory }) => {
      const gone = new AbortController();
      const pidFile = join(directory, "pid");
      const args = ["/bin/sh", "-c", `echo $$ > ${pidFile}; exec sleep 1000`];
      const running = guest.execIntoUvm({ args }, { signal: gone.signal });
      const pid = () => (existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0);
      await until("the command runs", () => pid() > 0);
      gone.abort(new Error("the client left"));
      await assert.rejects(running, /the client left/);
      await until("the command is gone", () => !existsSync(`/proc/${pid()}`));
    }));

  it("refuses a command without words, and one that is not there", () =>
    joined(async (guest) => {
      await assert.rejects(guest.execIntoUvm({ args: [] }), (error) => isKind(error, "invalid-argument"));
      await assert.rejects(guest.execIntoUvm({ args: ["/bin/none-such"] }), /none-such: ENOENT/);
      const nowhere = { args: ["/bin/true"], stdout: "/none/such/fifo" };
      await assert.rejects(guest.execIntoUvm(nowhere), (error) => isKind(error, "not-found"));
    }));

  it("combines layers, and takes them apart; twice is as once", () =>
    joined(async (guest, { directory }) => {
      const [low, high, scratch, root] = ["low", "high", "scratch", "root"].map((name) => join(directory, name)) as [
        ...[string, string, string, string],
      ];
      for (const path of [low, high, scratch]) mkdirSync(path);
      writeFileSync(join(low, "a"), "low");
      writeFileSync(join(low, "b"), "low");
      writeFileSync(join(high, "b"), "high");
      const settings = { containerId: "c1", containerRootPath: root, scratchPath: scratch };
      await guest.addCombinedLayers({
        ...settings,
        layers: [
          { id: "1", path: high },
          { id: "0", path: low },
        ],
      });
      assert.deepEqual(
        ["a", "b"].map((name) => readFileSync(join(root, name), "utf8")),
        ["low", "high"],
      );
      await guest.removeCombinedLayers(settings);
      await guest.removeCombinedLayers(settings);
    }));

  const lacking: readonly (readonly [what: string, call: (guest: LinuxGuest) => Promise<unknown>])[] = [
    ["VPCI devices", (guest) => guest.addVpciDevice({ vmBusGuid: "d422512d-2bf2-4752-809d-7b82b5fcb1b4" })],
    ["a security policy", (guest) => guest.addSecurityPolicy({ enforcerType: "rego" })],
    ["fragments of one", (guest) => guest.injectPolicyFragment({ fragment: "Zg==" })],
    ["a memory limit above all pods", (guest) => guest.updateCgroupMemoryLimits()],
    ["disks where there is no controller", (guest) => guest.addMappedVirtualDisk({ mountPath: "/run/m", lun: 1 })],
    ["shares where there is no Plan9", (guest) => guest.addMappedDirectory({ mountPath: "/run/d", shareName: "s" })],
    ["VPMem where there is none", (guest) => guest.addVpmemDevice({ mountPath: "/run/l" })],
  ];
  it("says unimplemented of what it lacks, and lives on", () =>
    joined(async (guest) => {
      for (const [what, call] of lacking) {
        await assert.rejects(call(guest), (error) => isKind(error, "unimplemented"), what);
      }
      assert.match(await guest.dumpStacks(), /external processes/);
    }));
});
