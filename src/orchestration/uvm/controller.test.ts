import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { DeviceStandIn } from "../../../test/compliance/device-stand-in.ts";
import { stateTableSuite } from "../../../test/compliance/state-suite.ts";
import { unavailable } from "../../errors/shim-error.ts";
import type { PodGuest } from "../../guestmanager/create-guest.ts";
import type { VMExit } from "../../vmmanager/lifetime.ts";
import type { NetworkAdapter } from "../../vmmanager/network.ts";
import type { Stack, UtilityVM, UvmOptions } from "../../vmmanager/uvm.ts";
import { deferred } from "../deadline.ts";
import { UvmController } from "./controller.ts";
import type { UvmDevice, UvmFiles } from "./ports.ts";
import { uvmStates } from "./state.ts";

stateTableSuite(uvmStates);

const directory = mkdtempSync(join(tmpdir(), "uvm-controller-"));
after(() => rmSync(directory, { recursive: true }));
const rpc = (signal = new AbortController().signal) => ({ signal });
const sizing = { processors: 1, maxProcessors: 2, memoryMiB: 256, maxMemoryMiB: 512 };
const disk: UvmDevice = { kind: "disk", source: "/d.img", guest: "", readOnly: false, bare: false };
const share: UvmDevice = { ...disk, kind: "share", source: "/s", guest: "/run/s" };
const nic: UvmDevice = { ...disk, kind: "nic", source: "tap:t0" };
const vpmem: UvmDevice = { ...disk, kind: "vpmem", source: join(directory, "layer") };

/** A stack whose VMs keep their devices in memory, and do what they are told. */
class Subject {
  readonly log: string[] = [];
  readonly faults: Record<string, () => unknown> = {};
  readonly devices = new DeviceStandIn();
  readonly files: Record<string, string | undefined> = { "/d.img": "ext4", "/blank.img": undefined };
  fingerprint = "1";
  exit = deferred<VMExit>();
  readonly uvm: UvmController;

  constructor(stack = "qemu") {
    this.devices.stack = "qemu";
    writeFileSync(join(directory, "layer"), "x".repeat(4096));
    const step = async (name: string): Promise<void> => {
      this.log.push(name);
      await this.faults[name]?.();
    };
    const gone = deferred<Error | undefined>();
    const vm = Object.assign(Object.create(this.devices), {
      ...{ id: "v1", stack, os: "linux", restored: [], hostPid: () => 7 },
      start: () => step("start"),
      pause: () => step("pause"),
      resume: () => step("resume"),
      save: () => step("save"),
      terminate: async () => {
        await step("terminate");
        this.exit.resolve({ exitedAt: new Date(7) });
      },
      wait: () => this.exit.promise,
      close: () => step("close"),
      updateMemory: (mib: number) => step(`memory ${mib}`),
      addNetworkAdapter: ({ id, backend }: NetworkAdapter) => step(`plug ${id} ${JSON.stringify(backend)}`),
      removeNetworkAdapter: (id: string) => step(`unplug ${id}`),
      statistics: async () => ({ memory: {}, processor: {} }),
      properties: async () => ({ details: { part: "1" } }),
    }) as UtilityVM;
    const guest = Object.assign(Object.create(this.devices), {
      prepareConnection: () => undefined,
      createConnection: () => step("connect"),
      closeConnection: () => gone.resolve(undefined),
      disconnected: gone.promise,
      shutdown: async () => {
        await step("shutdown");
        this.exit.resolve({ exitedAt: new Date(9) });
      },
      createProcess: async ({ commandArgs = [] }: { commandArgs?: string[] }) => {
        await step(commandArgs.join(" "));
        return { exitCode: Promise.resolve(0) };
      },
    }) as PodGuest;
    const made = async (what: string, { sizing: size }: UvmOptions) => {
      await step(`${what} ${size?.memoryMiB ?? ""}`);
      return vm;
    };
    const files: UvmFiles = {
      fileSystemOf: async (path) => this.files[path],
      fingerprint: async () => this.fingerprint,
      openTap: () => 42,
    };
    this.uvm = new UvmController(
      { id: "v1", stateDirectory: "/nowhere", ...(stack !== "local" && { sizing }) },
      {
        stack: {
          name: stack,
          create: (options) => made("create", options),
          restore: (options, { directory: from }) => made(`restore ${from}`, options),
        } as Stack,
        createGuest: () => guest,
        io: { open: () => assert.fail("no process here"), relay: () => assert.fail("no process here") },
        files,
        warn: (message) => void this.log.push(`warn ${message}`),
      },
    );
  }

  async booted(devices: readonly UvmDevice[] = []): Promise<this> {
    await this.uvm.boot(devices, rpc());
    return this;
  }

  /** All that is in the VM. */
  held(): number {
    return this.devices.disks.size + this.devices.shares.size + this.devices.mounts.size;
  }
}

describe("a VM that is driven by hand", () => {
  it("boots with its devices, pauses, resumes and stops, its disks unmounted before", async () => {
    const s = await new Subject().booted([disk, share]);
    assert.deepEqual(await s.uvm.status(), {
      ...{ state: "running", stack: "qemu", pid: 7, sizing, upSince: (await s.uvm.status()).upSince },
      devices: [{ ...disk, guest: "/run/disks/d.img" }, share],
    });
    assert.deepEqual([...s.devices.mounts.keys()], ["/run/disks/d.img", "/run/s"]);
    await s.uvm.pause();
    assert.equal(s.uvm.state, "paused");
    await assert.rejects(s.uvm.add(nic), { kind: "failed-precondition", message: /paused.*resume it first/ });
    await s.uvm.resume();
    await s.uvm.stop({ now: false });
    assert.equal(s.devices.disks.size, 0);
    assert.equal(s.uvm.state, "stopped");
    assert.deepEqual(
      s.log.filter((line) => /^(start|pause|resume|shutdown|terminate|warn.*)$/.test(line)),
      ["start", "pause", "resume", "shutdown", "terminate"],
    );
    assert.equal((await s.uvm.stopped).error, undefined);
    await s.uvm.stop({ now: false });
    await assert.rejects(s.uvm.pause(), { kind: "failed-precondition" });
  });

  it("does not ask the guest of one that is to end now", async () => {
    const s = await new Subject().booted([disk]);
    await s.uvm.stop({ now: true });
    assert.ok(!s.log.includes("shutdown"));
    assert.equal(s.devices.disks.size, 1);
  });

  it("is refused before its boot for a disk without a file system, which may be given bare", async () => {
    const blank = { ...disk, source: "/blank.img" };
    const s = new Subject();
    const message = /^disk \/blank\.img has no file system .*mkfs\.ext4 \/blank\.img, or give it bare$/;
    await assert.rejects(s.booted([disk, blank]), { kind: "invalid-argument", message });
    assert.deepEqual(s.log, []);
    assert.equal(s.uvm.state, "stopped");
    const bare = await new Subject().booted([{ ...blank, bare: true }]);
    assert.deepEqual([...bare.devices.disks.values()], ["/blank.img"]);
  });

  it("leaves nothing where its boot, or one of its devices, fails", async () => {
    for (const fault of ["create 256", "start", "connect"]) {
      const s = new Subject();
      s.faults[fault] = () => Promise.reject(unavailable("no luck"));
      await assert.rejects(s.booted(), { message: /no luck/ });
      assert.equal(s.uvm.state, "stopped");
      await s.uvm.stopped;
    }
    const s = new Subject();
    s.devices.faults.addMappedVirtualDisk = () => Promise.reject(unavailable("EINVAL"));
    await assert.rejects(s.booted([disk]), { message: /^disk \/d\.img cannot be added: EINVAL/ });
    assert.ok(s.log.includes("terminate"));
  });

  it("ends as its caller leaves while it boots", async () => {
    const s = new Subject();
    const caller = new AbortController();
    s.faults.start = () => caller.abort(unavailable("the caller left"));
    await assert.rejects(s.uvm.boot([], rpc(caller.signal)));
    assert.ok(s.log.includes("terminate"));
    assert.equal(s.uvm.state, "stopped");
  });

  it("tells of its own end", async () => {
    const s = await new Subject().booted();
    s.exit.resolve({ exitedAt: new Date(1), error: new Error("panic") });
    assert.equal((await s.uvm.stopped).error?.message, "panic");
    assert.equal(s.uvm.state, "stopped");
    await assert.rejects(s.uvm.add(disk), { kind: "failed-precondition", message: /stopped/ });
  });
});

describe("what is put into it by hand", () => {
  it("is taken out by its source or by its place in the guest, and no other", async () => {
    const s = await new Subject().booted();
    const all = [disk, share, vpmem, nic];
    const added: UvmDevice[] = [];
    for (const device of all) added.push(await s.uvm.add(device));
    assert.match(added[3]?.guest ?? "", /^52:54:00(:[0-9a-f]{2}){3}$/);
    for (const device of all) await assert.rejects(s.uvm.add(device), { kind: "already-exists" });
    await assert.rejects(s.uvm.remove("disk", "/other.img"), { kind: "not-found", message: /it has \/d\.img/ });
    await s.uvm.remove("disk", "/d.img");
    for (const { kind, guest } of added.slice(1)) await s.uvm.remove(kind, guest);
    assert.deepEqual([s.held(), (await s.uvm.status()).devices], [0, []]);
    const plugged = s.log.filter((line) => line.includes("plug"));
    assert.deepEqual(plugged, ['plug nic0 {"kind":"tap","fd":42}', "unplug nic0"]);
    await assert.rejects(s.uvm.add({ ...nic, source: "wire" }), { kind: "invalid-argument", message: /tap:NAME/ });
  });

  it("may be memory, as far as the VM goes", async () => {
    const s = await new Subject().booted();
    await s.uvm.resizeMemory(128);
    await s.uvm.resizeMemory(-64);
    assert.equal((await s.uvm.status()).sizing?.memoryMiB, 320);
    for (const by of [193, -193]) await assert.rejects(s.uvm.resizeMemory(by), { kind: "out-of-range" });
    assert.deepEqual(
      s.log.filter((line) => line.startsWith("memory")),
      ["memory 384", "memory 320"],
    );
    await assert.rejects((await new Subject("local").booted()).uvm.resizeMemory(1), { kind: "unimplemented" });
  });
});

describe("a save of it", () => {
  let saves = 0;
  const fresh = (): string => join(directory, `save-${saves++}`);

  it("is restored with its size and disks, running or paused before", async () => {
    const to = fresh();
    const s = await new Subject().booted([disk]);
    await s.uvm.pause();
    await s.uvm.save(to);
    assert.equal(s.uvm.state, "paused");
    const restored = new Subject();
    await restored.uvm.restore(to, rpc());
    assert.deepEqual(restored.log.slice(0, 3), [`restore ${to} 256`, "resume", "connect"]);
    assert.deepEqual((await restored.uvm.status()).devices, [{ ...disk, guest: "/run/disks/d.img" }]);
    assert.equal(restored.uvm.state, "running");
    // It has that disk, and nothing was attached for it.
    assert.deepEqual(restored.devices.log, []);
    const running = await new Subject().booted();
    await running.uvm.save(fresh());
    assert.equal(running.uvm.state, "paused");
  });

  it("is refused with what no save can carry, and says how to mend it", async () => {
    for (const device of [share, nic, vpmem]) {
      const to = fresh();
      const s = await new Subject().booted([device]);
      await assert.rejects(s.uvm.save(to), {
        kind: "failed-precondition",
        message: new RegExp(`uvm v1 has ${device.kind} .*; cannot save it: .*(boot a VM|remove the)`),
      });
      assert.equal(s.uvm.state, "running");
      assert.throws(() => readdirSync(to), { code: "ENOENT" });
    }
  });

  it("that fails leaves no directory, and the VM as it was", async () => {
    for (const paused of [false, true]) {
      const to = fresh();
      const s = await new Subject().booted();
      if (paused) await s.uvm.pause();
      s.faults.save = () => Promise.reject(unavailable("disk full"));
      await assert.rejects(s.uvm.save(to), { message: "disk full" });
      assert.throws(() => readdirSync(to), { code: "ENOENT" });
      assert.equal(s.uvm.state, paused ? "paused" : "running");
    }
  });

  it("goes into a new directory, and is refused where its disk was changed since, or for another stack", async () => {
    const to = fresh();
    const s = await new Subject().booted([disk]);
    await s.uvm.save(to);
    await assert.rejects(s.uvm.save(to), { kind: "failed-precondition", message: /not empty/ });
    const changed = new Subject();
    changed.fingerprint = "2";
    await assert.rejects(changed.uvm.restore(to, rpc()), {
      kind: "failed-precondition",
      message: /d\.img was changed/,
    });
    assert.deepEqual(changed.log, []);
    await assert.rejects(new Subject("local").uvm.restore(to, rpc()), { message: /on stack qemu; cannot restore/ });
    await assert.rejects(new Subject().uvm.restore(fresh(), rpc()), { kind: "not-found" });
  });
});
