/** A guest in the stack `qemu`: saved and restored by another process, with shares from its boot, and its panic. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runtime } from "#runtime";
import { readAll } from "../../src/gcs/stdio/read-all.ts";
import { BRIDGE_PORT } from "../../src/prot/protocol.ts";
import { leakedFds, openFds } from "../../src/sys/fd-leaks.ts";
import { createQemuStack } from "../../src/vmmanager/stacks/qemu/stack.ts";
import type { UtilityVM, UvmOptions } from "../../src/vmmanager/uvm.ts";
import { BridgePeer } from "../harness/bridge-peer.ts";
import { GuestShell } from "./guest-shell.ts";
import { notBootable } from "./uvm.ts";

const EXECUTE = 0x1010_0501;
const NULL_ID = "00000000-0000-0000-0000-000000000000";
const COUNTER_PORT = 0x6000_0000;

describe("a guest of the stack qemu", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), "uvm-booted-"));
  const fdsBefore = openFds();
  let uvm: UtilityVM | undefined;

  after(async () => {
    await uvm?.close();
    rmSync(root, { recursive: true });
    assert.deepEqual(await leakedFds(fdsBefore), []);
  });

  async function boot(more: Partial<UvmOptions>, prepare?: (uvm: UtilityVM) => Promise<void>) {
    await uvm?.close();
    const stateDirectory = mkdtempSync(join(root, "state"));
    const vm = await createQemuStack({ image: "out/uvm" }).create({ id: "booted", stateDirectory, ...more });
    uvm = vm;
    await prepare?.(vm);
    const listener = vm.sockets.listen(BRIDGE_PORT);
    await vm.start();
    const ended = vm.wait().then(({ error }) => assert.fail(error));
    ended.catch(() => undefined);
    const peer = new BridgePeer(await Promise.race([listener.accept(), ended]));
    assert.equal((await peer.negotiate()).body.Result, 0);
    listener.close();
    return { vm, peer, shell: new GuestShell(peer, vm.sockets) };
  }

  it("goes on in another process after a save; no byte of a stream is lost or doubled", async (t) => {
    const disk = join(root, "disk");
    writeFileSync(disk, "");
    truncateSync(disk, 16 << 20);
    // Before the start: the guest boots with it.
    const { vm, peer, shell } = await boot({}, (made) =>
      made.addScsiDisk({ controller: 0, lun: 5, hostPath: disk, readOnly: false }),
    );
    // Its driver is loaded when the guest has nothing more urgent to do.
    const wait = "for i in $(seq 600); do [ -e /sys/block/sda ] && exit 0; sleep 0.1; done; exit 1";
    assert.equal((await shell.run(`echo before >/tmp/mark; ${wait}`)).code, 0);
    const listener = vm.sockets.listen(COUNTER_PORT);
    const line = "i=0; while :; do echo $i; i=$((i+1)); done";
    const parameters = { CommandArgs: ["/bin/sh", "-c", line], CreateInUtilityVM: true, CreateStdOutPipe: true };
    const settings = {
      ProcessParameters: JSON.stringify(parameters),
      VsockStdioRelaySettings: { StdOut: COUNTER_PORT },
    };
    const stream = listener.accept();
    await peer.request(EXECUTE, 5000n, { ContainerId: NULL_ID, Settings: settings });
    let text = "";
    await new Promise<void>((resolve, reject) => {
      stream.then(
        (counter) =>
          counter.open({
            data: (chunk) => {
              text += Buffer.from(chunk).toString("latin1");
              if (text.length > 2000) resolve();
            },
            end: () => undefined,
            drain: () => undefined,
            close: () => undefined,
          }),
        reject,
      );
    });
    await vm.pause();
    const saved = join(root, "saved");
    mkdirSync(saved);
    const begin = performance.now();
    await vm.save({ directory: saved });
    t.diagnostic(`save: ${(performance.now() - begin).toFixed(0)} ms`);
    await vm.terminate();

    const stateDirectory = mkdtempSync(join(root, "state"));
    const program = ["--import", "tsx", "test/qemu/restored-process.ts", stateDirectory, saved, `${COUNTER_PORT}`];
    const child = runtime.spawn(["node", ...program], { stdio: ["null", "pipe", 2] });
    const output = child.pipes[1] ? await readAll(child.pipes[1], 1 << 24) : "";
    assert.equal((await child.exited).code, 0);
    const again = JSON.parse(output) as { state: string; answer: unknown; text: string; answered: number };
    t.diagnostic(`resume to the guest's answer: ${again.answered.toFixed(0)} ms`);
    assert.equal(again.state, "paused");
    const { code, output: told } = again.answer as { code: number; output: string };
    assert.deepEqual([code, told.split("\n").slice(0, 2)], [0, ["before", `${16 << 20}`]]);
    const numbers = (text + again.text).split("\n").slice(0, -1).map(Number);
    assert.ok(numbers.length > 300);
    assert.equal(
      numbers.findIndex((number, i) => number !== i),
      -1,
    );
  });

  describe("with shares", () => {
    let guest: Awaited<ReturnType<typeof boot>>;
    before(async () => {
      guest = await boot({ shares: true });
    });

    it("boots with the device that carries them, and can't be saved", async () => {
      const { vm, shell } = guest;
      const hostPath = join(root, "shared");
      mkdirSync(hostPath);
      writeFileSync(join(hostPath, "file"), "of the host\n");
      await vm.addPlan9Share({ name: "s", hostPath, readOnly: true });
      // Its guest may still be loading the driver.
      const mounted = "for i in $(seq 2000); do mount -t virtiofs uvm /tmp/s 2>/dev/null && break; sleep 0.05; done";
      const line = `mkdir /tmp/s; ${mounted}; cat /tmp/s/s/file && umount /tmp/s`;
      assert.deepEqual(await shell.run(line), { code: 0, output: "of the host\n" });
      await vm.pause();
      const directory = mkdtempSync(join(root, "no"));
      const message = /can't be saved: it has directory shares .*: use disks/;
      await assert.rejects(vm.save({ directory }), { kind: "failed-precondition", message });
      assert.deepEqual(readdirSync(directory), []);
      await vm.resume();
    });

    it("ends with the reason and the last words of its kernel when that panics", async () => {
      const { vm, shell } = guest;
      void shell.run("echo c >/proc/sysrq-trigger").catch(() => "the machine is gone before it answers");
      const { error } = await vm.wait();
      assert.match(
        error?.message ?? "",
        /^vm booted has ended: the guest's kernel panicked \(Kernel panic - not syncing: sysrq triggered crash\)/,
      );
      const { console } = error as unknown as { console: readonly string[] };
      // What it panicked of, and the last twenty.
      assert.ok(console.length > 1 && console.length <= 21);
      assert.ok(console.some((line) => /Kernel panic - not syncing: sysrq/.test(line)));
    });
  });
});
