/** What a user of containerd does: checkpoint a running container into an image, and go on from it under another id. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { watchEvents } from "../harness/events.ts";
import type { Inventory } from "../harness/leftovers.ts";
import { Machine } from "../harness/machine.ts";
import { runtimeUnderTest } from "../harness/runtime-under-test.ts";
import { until } from "../harness/until.ts";

const out = fileURLToPath(new URL("../../out/peers", import.meta.url));
/** Each number goes out and onto the disk; what is counted is in memory alone. Ends with code 7 at SIGTERM. */
const counter = "trap 'exit 7' TERM; i=0; while :; do i=$((i+1)); echo $i; echo $i >/count; sleep 0.2; done";
const MKFS = "/usr/sbin/mkfs.ext4";
/** Where containerd's client puts FIFOs: `ctr containers restore` has no flag for another place, and leaves them there. */
const FIFOS = "/run/containerd/fifo";
/** What containerd unpacks of a checkpoint for a shim, and leaves there. */
const unpacked = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("ctrd-checkpoint"));

describe("checkpoint and restore by ctr, containerd 2.4, blockfile, stack qemu", {
  skip: existsSync(MKFS) ? false : `wants ${MKFS} (Debian: e2fsprogs)`,
}, () => {
  const scratch = mkdtempSync(join(tmpdir(), "uvm-scratch-"));
  let machine: Machine;
  let baseline: Inventory;
  let earlier: readonly string[];

  before(async () => {
    const blockfile = join(scratch, "ext4.img");
    writeFileSync(blockfile, "");
    truncateSync(blockfile, 64 << 20);
    execFileSync(MKFS, ["-q", "-F", blockfile]);
    const runtime = runtimeUnderTest("io.containerd.uvm.v1", "qemu");
    machine = await Machine.start({ binary: join(out, "containerd"), ctr: join(out, "ctr"), runtime, blockfile });
    // The first container makes the namespace's own directories and cgroups, which then stay; this one takes no VM for it.
    await machine.warmUp(machine.ctrWith('stack = "local"\n'));
    baseline = machine.traces.inventory();
    earlier = unpacked();
  });
  after(async () => {
    await machine?.close();
    rmSync(scratch, { recursive: true });
  });

  it("goes on with its memory, disk, stdout, execs and exit code, under another id; the first one goes on too", async (t) => {
    const { ctr } = machine;
    const [first, second] = [machine.id("saved"), machine.id("restored")];
    const log = machine.file("log");
    await ctr.runDetached(first, ["sh", "-c", counter], ["--snapshotter", "blockfile", "--log-uri", `file://${log}`]);
    const logged = (): number => readFileSync(log, "utf8").split("\n").length - 1;
    await until("it counts", () => logged() > 3);

    const events = await watchEvents(ctr);
    const before = logged();
    const saving = Date.now();
    await ctr.ok("containers", "checkpoint", "--task", "--image", first, "checkpoint:1");
    const saved = Date.now();
    const at = logged();
    await until("it counts on", () => logged() > at + 3);
    assert.equal(await ctr.status(first), "RUNNING");

    const restoring = Date.now();
    await ctr.ok("containers", "restore", "--live", second, "checkpoint:1");
    const restored = Date.now();
    const [fifos = ""] = readdirSync(FIFOS).filter((name) => existsSync(join(FIFOS, name, `${second}-stdout`)));
    const stdout = openSync(join(FIFOS, fifos, `${second}-stdout`), constants.O_RDONLY | constants.O_NONBLOCK);
    const [directory = ""] = unpacked().filter((name) => !earlier.includes(name));
    try {
      let text = "";
      const buffer = Buffer.alloc(4096);
      const lines = (): number[] => {
        try {
          text += buffer.toString("utf8", 0, readSync(stdout, buffer));
        } catch {
          // Nothing there now.
        }
        return text.split("\n").slice(0, -1).map(Number);
      };
      await until("the restored one counts", () => lines().length > 5);
      const [from = 0] = lines();
      assert.deepEqual(
        lines(),
        lines().map((_, index) => from + index),
      );
      // ctr reads the first lines, if any, before it leaves.
      assert.ok(from > before && from <= at + 10, `from ${from}, saved between ${before} and ${at}`);
      const {
        code,
        stdout: count,
        stderr,
      } = await ctr.exec(second, "e1", ["sh", "-c", "until read n </count; do sleep 0.1; done; echo $n"]);
      assert.equal(code, 0, stderr);
      assert.ok(Number(count) > from);
      const tasks = await ctr.tasks();
      assert.deepEqual([tasks.get(first)?.status, tasks.get(second)?.status], ["RUNNING", "RUNNING"]);
      assert.notEqual(tasks.get(first)?.pid, tasks.get(second)?.pid);

      const files = readdirSync(join(tmpdir(), directory));
      assert.deepEqual(files.sort(), ["disk-0", "disks.json", "pod.json", "state", "vm.json"]);
      const sizes = files.map((name) => `${name} ${statSync(join(tmpdir(), directory, name)).size}`);
      t.diagnostic(`checkpoint ${saved - saving} ms, restore ${restored - restoring} ms; bytes: ${sizes.join(", ")}`);

      for (const id of [first, second]) {
        await ctr.ok("tasks", "kill", "--signal", "SIGTERM", id);
        await until(`${id} ends`, async () => (await ctr.status(id)) === "STOPPED");
        await ctr.ok("tasks", "rm", id);
        await ctr.ok("containers", "rm", id);
        assert.equal((await events.waitFor(id, "/tasks/delete")).fields.exit_status, 7);
      }
      const told = events.topics(second).filter((topic) => !topic.startsWith("exec"));
      assert.deepEqual([told.slice(0, 2), told.at(-1)], [["create", "start"], "delete"]);
      assert.ok(events.topics(first).includes("checkpointed"));

      // A snapshot that the host mounts is no disk.
      await ctr.runDetached(first, ["sleep", "1000"]);
      const { stderr: shares } = await ctr.call(["containers", "checkpoint", "--task", first, "checkpoint:2"]);
      assert.match(shares, /the vm has 1 directory shares; cannot save it: use disks/);
      assert.equal(await ctr.status(first), "RUNNING");
      await ctr.remove(first);
    } finally {
      await events.close();
      closeSync(stdout);
      rmSync(join(FIFOS, fifos), { recursive: true, force: true });
      if (directory !== "") rmSync(join(tmpdir(), directory), { recursive: true });
    }
    await ctr.ok("images", "rm", "--sync", "checkpoint:1");
    await machine.traces.assertNoLeaks(baseline);
  });
});
