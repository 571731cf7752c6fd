/** What can go wrong with a VM of the library before its guest is up. No guest boots to its end here. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, describe, it } from "node:test";
import { type ErrorKind, isKind } from "../../src/errors/shim-error.ts";
import { leakedFds, openFds } from "../../src/sys/fd-leaks.ts";
import { mount, unmount } from "../../src/sys/mount.ts";
import { mountsUnder } from "../../src/sys/mountinfo.ts";
import { isAlive } from "../../src/sys/process.ts";
import type { Instance } from "../../src/vm/instance.ts";
import type { ConsoleWriter } from "../../src/vm/options.ts";
import { readVmProcesses, type VmProcess } from "../../src/vmmanager/vm-processes.ts";
import { until } from "../harness/until.ts";
import { notBootable } from "../qemu/uvm.ts";
import { sparseVmdk } from "./sparse-vmdk.ts";
import { remains, VmBase } from "./vm.ts";

const rejects = (call: Promise<unknown>, kind: ErrorKind, message: RegExp): Promise<void> =>
  assert.rejects(call, (error) => (isKind(error, kind) && message.test(String(error))) || assert.fail(String(error)));

const image = resolve("out/uvm");
/** A guest's firmware says its name a moment after the start. */
const FIRMWARE = "SeaBIOS";

/** Calls back once, when the firmware has said its name: the VM runs, and its guest is far from being up. */
function onFirmware(then: () => void): ConsoleWriter {
  let text = "";
  let told = false;
  return {
    write(bytes) {
      text += Buffer.from(bytes).toString("latin1");
      if (told || !text.includes(FIRMWARE)) return;
      told = true;
      then();
    },
  };
}

describe("what goes wrong", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  const base = new VmBase();
  after(() => base.remove());

  const qemuOf = (state: string): VmProcess => {
    const qemu = readVmProcesses(join(state, "vm")).find(({ what }) => what === "qemu");
    assert.ok(qemu);
    return qemu;
  };
  /** It can be shut down, by anybody, and nothing else; after that nothing is left. */
  const isOver = async (instance: Instance, state: string): Promise<void> => {
    assert.deepEqual(remains(state), []);
    await rejects(instance.start(), "failed-precondition", /is (failed|shut-down); cannot start/);
    assert.throws(
      () => instance.client(),
      (error) => isKind(error, "failed-precondition"),
    );
    await rejects(instance.startStream("s"), "failed-precondition", /is (failed|shut-down); cannot open a stream/);
    await Promise.all([instance.shutdown(), instance.shutdown()]);
    assert.deepEqual(remains(state), []);
  };

  it("no VM in a directory that is not there, is none, is read-only, or has one already", async () => {
    const manager = base.manager();
    await rejects(manager.newInstance(base.path("none")), "not-found", /does not exist; .*: make it/);
    writeFileSync(base.path("file"), "");
    await rejects(manager.newInstance(base.path("file")), "invalid-argument", /is no directory/);
    const readOnly = base.make("read-only");
    chmodSync(readOnly, 0o555);
    await rejects(manager.newInstance(readOnly), "failed-precondition", /is read-only/);
    const mounted = base.make("mounted");
    const MS_RDONLY = 1;
    mount("tmpfs", mounted, "tmpfs", MS_RDONLY, "");
    try {
      await rejects(manager.newInstance(mounted), "failed-precondition", /is read-only/);
    } finally {
      unmount(mounted);
    }
    const state = base.state();
    const instance = await manager.newInstance(state);
    await rejects(base.manager().newInstance(state), "already-exists", /holds an instance.*: shut that one down/);
    await instance.shutdown();
    await (await manager.newInstance(state)).shutdown();
    assert.deepEqual(remains(state), []);
  });

  it("a start that can't have what was asked for says so and leaves nothing", async () => {
    const files = base.make("files");
    writeFileSync(base.path("disk.img"), Buffer.alloc(4096));
    writeFileSync(base.path("no.vmdk"), Buffer.alloc(4096));
    writeFileSync(base.path("lost.vmdk"), '# Disk DescriptorFile\nparentCID=ffffffff\nRW 8 FLAT "lost.img" 0\n');
    writeFileSync(base.path("short.vmdk"), '# Disk DescriptorFile\nparentCID=ffffffff\nRW 9 FLAT "disk.img" 0\n');
    const compressed = sparseVmdk(128);
    compressed.writeUInt32LE(0x10001, 8);
    writeFileSync(base.path("compressed.vmdk"), compressed);
    const vmdk = { vmdk: true };
    const mac = "02:00:00:00:00:01";
    const cases: readonly [kind: ErrorKind, message: RegExp, ask: (instance: Instance) => void][] = [
      ["not-found", /lost does not exist; cannot share it as tag/, (i) => i.addFS("tag", base.path("lost"))],
      ["invalid-argument", /disk\.img is no directory/, (i) => i.addFS("tag", base.path("disk.img"))],
      ["not-found", /lost\.img does not exist/, (i) => i.addDisk("d", base.path("lost.img"))],
      ["invalid-argument", /neither a file nor a block device/, (i) => i.addDisk("d", files)],
      ["invalid-argument", /is no VMDK image/, (i) => i.addDisk("d", base.path("no.vmdk"), vmdk)],
      ["not-found", /lost\.img does not exist/, (i) => i.addDisk("d", base.path("lost.vmdk"), vmdk)],
      ["invalid-argument", /to hold 4608 bytes and has 4096/, (i) => i.addDisk("d", base.path("short.vmdk"), vmdk)],
      ["failed-precondition", /attach it read-only/, (i) => i.addDisk("d", base.path("compressed.vmdk"), vmdk)],
      ["not-found", /nobody listens there/, (i) => i.addNIC(base.path("nobody.sock"), mac, "unixstream")],
      ["not-found", /nobody listens there/, (i) => i.addNIC(base.path("nobody.sock"), mac, "unixgram")],
    ];
    // What the runtime opens for good, it has open after the first.
    let fds: ReadonlyMap<number, string> | undefined;
    for (const [kind, message, ask] of cases) {
      const state = base.state();
      const instance = await base.manager().newInstance(state);
      // What came before it is taken back as well.
      instance.addFS("files", files, { readonly: true });
      instance.addDisk("disk", base.path("disk.img"));
      ask(instance);
      await rejects(instance.start(), kind, message);
      await isOver(instance, state);
      fds ??= openFds();
    }
    const elsewhere: readonly [kind: ErrorKind, message: RegExp, options: object][] = [
      ["not-found", /vmlinuz cannot be read/, { image: base.make("no-image") }],
      ["not-found", /no-qemu is not there/, { qemu: base.path("no-qemu") }],
      ["not-found", /no-virtiofsd is not there/, { virtiofsd: base.path("no-virtiofsd") }],
    ];
    for (const [kind, message, options] of elsewhere) {
      const state = base.state();
      const instance = await base.manager(options).newInstance(state);
      instance.addFS("files", files);
      await rejects(instance.start(), kind, message);
      await isOver(instance, state);
    }
    assert.deepEqual(await leakedFds(fds ?? openFds()), []);
  });

  it("a guest that does not connect in time fails the start with its console's last lines", async () => {
    const state = base.state();
    const instance = await base.manager({ bootTimeout: 40_000 }).newInstance(state);
    // It stands still from there on, however fast this machine is.
    const consoleWriter = onFirmware(() => process.kill(qemuOf(state).pid, "SIGSTOP"));
    const stream = instance.startStream("early");
    const failed = rejects(stream, "unavailable", /stream early could lead to: .* did not connect in 40 s/);
    const message = /did not connect in 40 s; last on its console: .*SeaBIOS/;
    await rejects(instance.start({ consoleWriter }), "deadline-exceeded", message);
    await failed;
    await isOver(instance, state);
  });

  it("a guest that ends before it connects fails the start at once with why", async () => {
    const killed = base.state();
    const first = await base.manager().newInstance(killed);
    const consoleWriter = onFirmware(() => process.kill(qemuOf(killed).pid, "SIGKILL"));
    await rejects(
      first.start({ consoleWriter }),
      "unavailable",
      /has ended: QEMU was killed .*on its console: .*SeaBIOS/,
    );
    await isOver(first, killed);

    const broken = base.make("broken-image");
    for (const name of ["vmlinuz", "root.erofs"]) symlinkSync(join(image, name), join(broken, name));
    writeFileSync(join(broken, "initrd.cpio"), Buffer.alloc(1024));
    const state = base.state();
    const second = await base.manager({ image: broken }).newInstance(state);
    await rejects(
      second.start(),
      "unavailable",
      /kernel panicked \(Kernel panic - not syncing: .*; last on its console: /,
    );
    await isOver(second, state);
  });

  it("a caller's signal and a shutdown end a start in the middle of its boot", async () => {
    const state = base.state();
    const instance = await base.manager().newInstance(state);
    instance.addFS("files", base.make("more-files"));
    const caller = new AbortController();
    const stopped = instance.start({
      signal: caller.signal,
      consoleWriter: onFirmware(() => caller.abort(new Error("I have no time"))),
    });
    await assert.rejects(stopped, /I have no time/);
    await isOver(instance, state);

    const again = await base.manager().newInstance(state);
    again.addFS("files", base.path("more-files"));
    let shutdowns: Promise<unknown> = Promise.resolve();
    const waiting = again.startStream("s");
    const refused = rejects(waiting, "unavailable", /stream s could lead to: .* is shut down/);
    const consoleWriter = onFirmware(() => {
      shutdowns = Promise.all([again.shutdown(), again.shutdown()]);
    });
    await rejects(again.start({ consoleWriter }), "canceled", /is shut down; cannot go on/);
    await Promise.all([shutdowns, refused]);
    await isOver(again, state);

    const never = await base.manager().newInstance(state);
    await rejects(never.start({ signal: AbortSignal.abort(new Error("too late")) }), "unknown", /too late/);
    await never.shutdown();
    await isOver(never, state);
  });

  it("a stream that nobody's start can serve is unavailable in the end", async () => {
    const instance = await base.manager({ streamTimeout: 50 }).newInstance(base.state());
    await rejects(instance.startStream("s"), "unavailable", /has no guest that takes stream s: start it/);
    await instance.shutdown();
  });

  it("a killed process takes its VM along, and the next VM in its directory clears up", async () => {
    const state = base.state();
    const shared = base.make("shared");
    writeFileSync(join(shared, "precious"), "");
    const program = resolve("test/vm/killed-owner.ts");
    const owner = spawn(process.execPath, ["--import", "tsx", program, image, state, shared], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const gone = new Promise((done) => owner.on("close", done));
    await new Promise<void>((ready, fail) => {
      owner.stdout.on("data", () => ready());
      owner.on("close", () => fail(new Error("the owner ended by itself")));
    });
    const left = readVmProcesses(join(state, "vm"));
    assert.deepEqual([...new Set(left.map(({ what }) => what))].sort(), ["qemu", "virtiofsd"]);
    await rejects(base.manager().newInstance(state), "already-exists", /holds an instance/);
    owner.kill("SIGKILL");
    await gone;
    await until("the end of the VM's processes", () => !left.some(({ pid, startTime }) => isAlive(pid, startTime)));
    assert.ok(mountsUnder(state).length > 0);
    const next = await base.manager().newInstance(state);
    // virtiofsd's own child ends a moment after it.
    await until("nothing is left", () => remains(state).length === 0);
    assert.deepEqual(readdirSync(shared), ["precious"]);
    await next.shutdown();
  });
});
