/** One boot; then the container goes on from its checkpoints, in one pod after another. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import { loadSpec } from "../../src/oci/spec.ts";
import { hostFiles } from "../../src/orchestration/container/host-files.ts";
import { hostRootfs } from "../../src/orchestration/container/rootfs.ts";
import { PodController } from "../../src/orchestration/pod/controller.ts";
import { openStdio } from "../../src/stdio/open.ts";
import { relay } from "../../src/stdio/relay.ts";
import { createQemuStack } from "../../src/vmmanager/stacks/qemu/stack.ts";
import { createRequest, eventLine, execRequest } from "../compliance/guest-stand-in.ts";
import { patientLimits } from "../harness/patient-limits.ts";
import { until } from "../harness/until.ts";
import { notBootable } from "./uvm.ts";

const BUSYBOX = "/bin/busybox";
const MKFS = "/usr/sbin/mkfs.ext4";
const COUNTER =
  "trap 'exit 7' TERM; i=0; while :; do i=$((i+1)); echo $i; echo $i >/new; mv /new /count; sleep 0.2; done";

function notHere(): string | false {
  if (process.getuid?.() !== 0) return "wants root: QEMU is given a user of its own";
  if (!existsSync(BUSYBOX)) return `wants a static ${BUSYBOX} (Debian: busybox-static)`;
  if (!existsSync(MKFS)) return `wants ${MKFS} (Debian: e2fsprogs)`;
  return notBootable() ?? false;
}

const rpc = { signal: new AbortController().signal };
const init = (id: string) => ({ id, execId: "" });

describe("checkpoints in QEMU", { skip: notHere(), timeout: 1_800_000 }, () => {
  let directory = "";
  const pods: PodController[] = [];
  const events: string[] = [];
  const warnings: string[] = [];
  const at = (...names: string[]): string => join(directory, ...names);
  const checkpoint = (name: string): string => at(`checkpoint-${name}`);

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "uvm-checkpoints-"));
    for (const name of ["bin", "dev", "proc"]) mkdirSync(at("root", name), { recursive: true });
    copyFileSync(BUSYBOX, at("root", BUSYBOX));
    for (const applet of ["sh", "cat", "mv", "sleep"]) symlinkSync("busybox", at("root/bin", applet));
    writeFileSync(at("image"), "");
    truncateSync(at("image"), 16 << 20);
    execFileSync(MKFS, ["-q", "-F", "-d", at("root"), at("image")]);
  });
  after(async () => {
    // After a failure their VMs are still there, and would keep this process.
    for (const each of pods) await each.close();
    rmSync(directory, { recursive: true });
  });

  function pod(): PodController {
    const number = pods.length + 1;
    const stateDirectory = at(`state-${number}`);
    mkdirSync(stateDirectory, { mode: 0o700 });
    const made = new PodController({
      ...{ id: `p${number}`, namespace: "ns", stateDirectory },
      stack: createQemuStack({ image: resolve("out/uvm") }),
      createGuest: ({ sockets }) => createGuest({ sockets }),
      limits: patientLimits,
      ports: {
        ...{ loadSpec, rootfs: hostRootfs, files: hostFiles },
        io: { open: (paths, context) => openStdio(paths, context), relay },
        events: { publish: (event) => events.push(eventLine(event)) },
        warn: (message, cause) => warnings.push(`${message}: ${cause}`),
      },
    });
    pods.push(made);
    return made;
  }

  /** A bundle with a disk of its own, as a snapshotter would have made it of the same image. */
  function request(id: string, from = "", stdout = "") {
    mkdirSync(at(id));
    copyFileSync(at("image"), at(`${id}.img`));
    const spec = {
      ociVersion: "1.0.2",
      process: { cwd: "/", args: ["/bin/sh", "-c", COUNTER], env: ["PATH=/bin"], user: { uid: 0, gid: 0 } },
      root: { path: "rootfs" },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/dev", type: "tmpfs", source: "tmpfs" },
      ],
      linux: { namespaces: ["pid", "mount", "ipc", "uts"].map((type) => ({ type })) },
    };
    writeFileSync(at(id, "config.json"), JSON.stringify(spec));
    const rootfs = [{ type: "ext4", source: at(`${id}.img`), target: "", options: ["loop", "rw"] }];
    return createRequest(id, { bundle: at(id), rootfs, stdout, checkpoint: from });
  }

  function fifo(name: string): { path: string; lines(): number[]; close(): void } {
    const path = at(name);
    execFileSync("mkfifo", [path]);
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const buffer = Buffer.alloc(1 << 16);
    let text = "";
    const lines = (): number[] => {
      try {
        text += buffer.toString("utf8", 0, readSync(fd, buffer));
      } catch {
        // Nothing there now.
      }
      return text.split("\n").slice(0, -1).map(Number);
    };
    return { path, lines, close: () => closeSync(fd) };
  }

  async function count(from: PodController, id: string, name: string): Promise<number> {
    const out = fifo(`${id}-${name}.out`);
    const process = { cwd: "/", args: ["/bin/cat", "/count"], env: ["PATH=/bin"], user: { uid: 0, gid: 0 } };
    await from.exec({ ...execRequest(name, id), process, stdout: out.path });
    await from.start({ id, execId: name }, rpc);
    await from.wait({ id, execId: name }, rpc);
    await from.delete({ id, execId: name }, rpc);
    const [found = 0] = await until("cat's output", () => (out.lines().length > 0 ? out.lines() : undefined));
    out.close();
    return found;
  }

  const consecutive = (lines: readonly number[]): void =>
    assert.deepEqual(
      lines,
      lines.map((_, index) => (lines[0] ?? 0) + index),
    );

  it("goes on from it, from a checkpoint of that one, killed or deleted before its start, and without a client", async () => {
    const first = pod();
    const out = fifo("c1.out");
    await first.create(request("c1", "", out.path), rpc);
    await first.start(init("c1"), rpc);
    await until("it counts", () => out.lines().length > 5);
    await first.checkpoint("c1", { path: checkpoint("a"), exit: true }, rpc);
    await first.wait(init("c1"), rpc);
    await first.delete(init("c1"), rpc);
    // What was on its way then is in the checkpoint.
    const last = out.lines().length;
    out.close();

    // Its end was ours, and is told as a loss.
    warnings.length = 0;
    events.length = 0;
    const second = pod();
    const again = fifo("c2.out");
    await second.create(request("c2", checkpoint("a"), again.path), rpc);
    assert.equal(second.state(init("c2")).status, "created");
    // The guest answers, and the container stands still.
    const still = await Promise.all([second.pids("c2", rpc), second.stats("c2", rpc)]);
    assert.ok(still[0].length > 0);
    assert.deepEqual(again.lines(), []);
    await second.start(init("c2"), rpc);
    await until("it counts on", () => again.lines().length > 5);
    const lines = again.lines();
    consecutive(lines);
    assert.equal(lines[0], last + 1);
    assert.ok((await count(second, "c2", "e1")) > last);
    await second.checkpoint("c2", { path: checkpoint("b"), exit: false }, rpc);
    const upTo = await count(second, "c2", "e2");
    await second.kill(init("c2"), 15, false, rpc);
    assert.equal((await second.wait(init("c2"), rpc)).exitStatus, 7);
    await second.delete(init("c2"), rpc);
    consecutive(again.lines());
    again.close();
    assert.deepEqual(events.slice(0, 2), ["create c2", "start c2"]);

    // Its client wants no output: that must not stop it.
    const third = pod();
    await third.create(request("c3", checkpoint("b")), rpc);
    await third.start(init("c3"), rpc);
    const started = await count(third, "c3", "e1");
    assert.ok(started > last && started <= upTo + 500);
    await third.kill(init("c3"), 15, false, rpc);
    assert.equal((await third.wait(init("c3"), rpc)).exitStatus, 7);
    await third.delete(init("c3"), rpc);

    const fourth = pod();
    await fourth.create(request("c4", checkpoint("a")), rpc);
    await fourth.kill(init("c4"), 9, true, rpc);
    assert.equal((await fourth.wait(init("c4"), rpc)).exitStatus, 137);
    await fourth.delete(init("c4"), rpc);

    const fifth = pod();
    await fifth.create(request("c5", checkpoint("a")), rpc);
    await fifth.delete(init("c5"), rpc);

    // Not QEMU's: it is longer than what it reads.
    const state = join(checkpoint("a"), "state");
    const whole = readFileSync(state);
    writeFileSync(state, Buffer.concat([whole.subarray(0, 4), Buffer.alloc(whole.length - 4, 0xff)]));
    const sixth = pod();
    await assert.rejects(sixth.create(request("c6", checkpoint("a")), rpc), { kind: "data-loss", message: /state/ });
    for (const each of [first, second, third, fourth, fifth, sixth]) assert.equal(each.busy(), false);
    for (const name of ["c2", "c3", "c4", "c5"]) {
      // A VM that is killed leaves its journal to be played back, and nothing else to be mended.
      const check = spawnSync("/usr/sbin/e2fsck", ["-fp", at(`${name}.img`)], { encoding: "utf8" });
      assert.ok(check.status === 0 || check.status === 1, `${name}: ${check.stdout}${check.stderr}`);
    }
    const left = readdirSync("/proc").filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(directory);
      } catch {
        return false;
      }
    });
    assert.deepEqual([left, warnings], [[], []]);
  });
});
