import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { DeviceStandIn } from "../../../test/compliance/device-stand-in.ts";
import { createRequest, eventLine, execRequest, GuestStandIn } from "../../../test/compliance/guest-stand-in.ts";
import { ShimError } from "../../errors/shim-error.ts";
import type { LinuxGuest } from "../../guestmanager/create-guest.ts";
import type { Spec, SpecMount } from "../../oci/spec.ts";
import type { VMExit } from "../../vmmanager/lifetime.ts";
import type { Stack, UtilityVM } from "../../vmmanager/uvm.ts";
import { hostFiles } from "../container/host-files.ts";
import { deferred } from "../deadline.ts";
import type { TaskEvent } from "../events.ts";
import type { CreateTask } from "../tasks.ts";
import { PodController } from "./controller.ts";

const rpc = { signal: new AbortController().signal };
const init = (id: string) => ({ id, execId: "" });
const DISK = 256 * 1024;

/** A guest and what is attached to it: saved and restored by reference, but for the disks' places. */
interface Vm {
  readonly guest: GuestStandIn;
  readonly devices: DeviceStandIn;
  /** Host paths, as QEMU would have them. */
  disks: ReadonlyMap<string, string> | undefined;
  over: boolean;
}

class Scene {
  readonly directory = mkdtempSync(join(tmpdir(), "uvm-checkpoint-"));
  readonly checkpoint = join(this.directory, "checkpoint");
  readonly events: TaskEvent[] = [];
  readonly warnings: string[] = [];
  readonly vms: Vm[] = [];
  spec: Partial<Spec> = {};
  saving = async (): Promise<void> => {};
  loading = async (): Promise<void> => {};

  disk(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    truncateSync(path, DISK);
    return path;
  }

  content(name: string): string {
    return readFileSync(join(this.directory, name), "utf8").replaceAll("\0", "");
  }

  request(id: string, more: Partial<CreateTask> = {}): CreateTask {
    const rootfs = [{ type: "ext4", source: join(this.directory, `${id}.img`), target: "", options: ["loop"] }];
    return createRequest(id, { rootfs, ...more });
  }

  pod(name: Stack["name"] = "qemu"): PodController {
    return new PodController({
      ...{ id: "p1", namespace: "ns", stateDirectory: this.directory },
      stack: {
        name,
        create: async () => this.#uvm({ guest: new GuestStandIn(), devices: new DeviceStandIn() }),
        restore: async (_, { disks }) => {
          await this.loading();
          const saved = this.vms.at(-1);
          assert.ok(saved);
          const guest = new GuestStandIn();
          const devices = new DeviceStandIn();
          for (const [id, side] of saved.guest.containers) {
            guest.containers.set(id, { ...side, init: deferred(), execs: [], frozen: true });
          }
          for (const [place, path] of saved.devices.disks) devices.disks.set(place, disks?.get(path) ?? "");
          for (const [path, place] of saved.devices.mounts) devices.mounts.set(path, place);
          return this.#uvm({ guest, devices }, disks);
        },
      },
      createGuest: ({ id }) => this.#guest(Number(id)),
      ports: {
        loadSpec: () => ({ ociVersion: "1.0.2", root: { path: "rootfs" }, ...this.spec }),
        rootfs: { mount: async () => {}, unmount: async () => {} },
        files: hostFiles,
        io: {
          open: async () => ({
            ...{ stdin: undefined, stdout: undefined, stderr: undefined },
            ...{ drained: async () => {}, close: async () => {} },
          }),
          relay: () => ({ done: Promise.resolve(), stop() {}, hold: () => new Uint8Array(), release() {} }),
        },
        events: { publish: (event) => this.events.push(event) },
        warn: (message, cause) => this.warnings.push(`${message}: ${cause}`),
      },
    });
  }

  async running(id = "c1"): Promise<PodController> {
    this.disk(`${id}.img`, `${id}'s own`);
    const pod = this.pod();
    await pod.create(this.request(id), rpc);
    await pod.start(init(id), rpc);
    return pod;
  }

  /** Of a container that has ended since. */
  async saved(): Promise<void> {
    const pod = await this.running();
    await pod.checkpoint("c1", { path: this.checkpoint, exit: true }, rpc);
    await pod.wait(init("c1"), rpc);
    await pod.delete(init("c1"), rpc);
    this.events.length = 0;
    this.disk("c2.img", "of a new snapshot");
  }

  restored(more: Partial<CreateTask> = {}, pod = this.pod()): Promise<{ pid: number }> {
    return pod.create(this.request("c2", { checkpoint: this.checkpoint, ...more }), rpc);
  }

  lines(): string[] {
    return this.events.splice(0).map(eventLine);
  }

  #guest(index: number): LinuxGuest {
    const vm = this.vms[index];
    assert.ok(vm);
    const { guest, devices } = vm;
    guest.capabilitiesNow = { ...guest.capabilitiesNow, initStdioSupported: false };
    const both = new Proxy(guest, {
      get(_, name) {
        const from = name in guest ? guest : devices;
        const value: unknown = Reflect.get(from, name, from);
        return typeof value === "function" ? value.bind(from) : value;
      },
    });
    return both as unknown as LinuxGuest;
  }

  #uvm(parts: Pick<Vm, "guest" | "devices">, disks?: ReadonlyMap<string, string>): UtilityVM {
    const vm: Vm = { ...parts, disks, over: false };
    const id = String(this.vms.push(vm) - 1);
    const exit = deferred<VMExit>();
    const { guest, devices } = parts;
    const terminate = async (): Promise<void> => {
      vm.over = true;
      exit.resolve({ exitedAt: new Date() });
    };
    const life = {
      ...{ id, stack: "qemu", os: "linux", restored: [], sockets: devices.sockets, scsiLimits: devices.scsiLimits },
      ...{ addScsiDisk: devices.addScsiDisk, removeScsiDisk: devices.removeScsiDisk },
      ...{ addPlan9Share: devices.addPlan9Share, removePlan9Share: devices.removePlan9Share },
      ...{ supported: () => true, hostPid: () => 1000 + Number(id), guestPath: () => undefined },
      start: () => guest.request("boot"),
      pause: () => guest.request("pause vm"),
      resume: () => guest.request("resume vm"),
      save: async ({ directory }: { directory: string }) => {
        writeFileSync(join(directory, "vm.json"), "{}");
        await this.saving();
      },
      ...{ terminate, close: terminate, wait: () => exit.promise },
    };
    return life as unknown as UtilityVM;
  }
}

describe("a container's checkpoint", () => {
  let s: Scene;
  beforeEach(() => {
    s = new Scene();
  });
  afterEach(() => {
    assert.deepEqual(
      s.vms.map(({ over }) => over),
      s.vms.map(() => true),
    );
    rmSync(s.directory, { recursive: true });
  });

  it("is restored under another id on another disk, stands still until its start, and lives and ends like any", async () => {
    const first = await s.running();
    s.lines();
    await first.checkpoint("c1", { path: s.checkpoint, exit: false }, rpc);
    assert.deepEqual(readdirSync(s.checkpoint).sort(), ["disk-0", "disks.json", "pod.json", "vm.json"]);
    assert.deepEqual(s.lines(), ["paused c1", "resumed c1", "checkpointed c1"]);
    assert.equal(first.state(init("c1")).status, "running");
    const order = s.vms[0]?.guest.log ?? [];
    assert.ok(order.indexOf("freeze") < order.indexOf("pause vm") && order.at(-1) === "thaw", order.join());

    // What its own disk has become since is not what was saved.
    s.disk("c1.img", "later");
    s.disk("c2.img", "of a new snapshot, with more in it");
    const second = s.pod();
    const { pid } = await s.restored({}, second);
    assert.equal(pid, 1001);
    assert.equal(s.content("c2.img"), "c1's own");
    assert.equal(s.content("c1.img"), "later");
    assert.deepEqual([...(s.vms[1]?.devices.disks.values() ?? [])], [join(s.directory, "c2.img")]);
    assert.equal(second.state(init("c2")).status, "created");
    const side = s.vms[1]?.guest.side("c1");
    assert.equal(side?.frozen, true);
    await second.start(init("c2"), rpc);
    assert.equal(side?.frozen, false);
    assert.equal(second.state(init("c2")).status, "running");
    // Another generation: the guest has but one name for it.
    await second.checkpoint("c2", { path: join(s.directory, "next"), exit: false }, rpc);
    s.disk("c3.img", "");
    const third = s.pod();
    await third.create(s.request("c3", { checkpoint: join(s.directory, "next") }), rpc);
    await third.start(init("c3"), rpc);
    await third.kill(init("c3"), 9, true, rpc);
    assert.equal((await third.wait(init("c3"), rpc)).exitStatus, 137);
    await third.delete(init("c3"), rpc);
    assert.deepEqual(s.lines(), [
      "create c2",
      "start c2",
      "paused c2",
      "resumed c2",
      "checkpointed c2",
      "create c3",
      "start c3",
      "exit c3 137",
      "delete c3 137",
    ]);
    await second.exec(execRequest("e1", "c2"));
    await second.start({ id: "c2", execId: "e1" }, rpc);
    await second.kill(init("c2"), 9, true, rpc);
    assert.equal((await second.wait(init("c2"), rpc)).exitStatus, 137);
    await second.delete(init("c2"), rpc);
    const lines = ["exec-added e1", "exec-started e1", "exit e1 137", "exit c2 137"];
    assert.deepEqual(s.lines(), [...lines, "delete c2 137"]);
    assert.deepEqual(s.vms[1]?.devices.left(), []);
    assert.deepEqual([...(s.vms[1]?.guest.containers.keys() ?? [])], []);
    await first.kill(init("c1"), 9, false, rpc);
    await first.wait(init("c1"), rpc);
    await first.delete(init("c1"), rpc);
    assert.deepEqual(s.warnings, []);
  });

  it("that is restored can be deleted before its start, killed, and tried again when its start fails", async () => {
    await s.saved();
    for (const how of ["delete", "kill", "retry"]) {
      const pod = s.pod();
      await s.restored({}, pod);
      const vm = s.vms.at(-1);
      assert.ok(vm);
      if (how === "kill") {
        await pod.kill(init("c2"), 9, true, rpc);
        assert.equal((await pod.wait(init("c2"), rpc)).exitStatus, 137);
        await assert.rejects(pod.start(init("c2"), rpc), { kind: "failed-precondition" });
      } else if (how === "retry") {
        vm.guest.faults.thaw = () => {
          throw new ShimError("internal", "planted");
        };
        await assert.rejects(pod.start(init("c2"), rpc), /planted/);
        assert.equal(pod.state(init("c2")).status, "created");
        delete vm.guest.faults.thaw;
        await pod.start(init("c2"), rpc);
        await pod.kill(init("c2"), 15, false, rpc);
        assert.equal((await pod.wait(init("c2"), rpc)).exitStatus, 143);
      }
      await pod.delete(init("c2"), rpc);
      assert.equal(pod.busy(), false);
      // Its successor is made of what is saved: the first life's.
      vm.guest.containers.set("c1", { initPid: 100, init: deferred(), execs: [], frozen: true });
      vm.devices.disks.set("0:0", join(s.directory, "c1.img"));
      vm.devices.mounts.set("/run/gcs/c/c1/rootfs", "0:0");
    }
  });

  it("replaces an earlier one, and touches no directory that holds anything else", async () => {
    const pod = await s.running();
    for (let round = 0; round < 2; round++) {
      await pod.checkpoint("c1", { path: s.checkpoint, exit: false }, rpc);
    }
    const other = join(s.directory, "other");
    mkdirSync(other);
    writeFileSync(join(other, "pod.json"), "theirs");
    writeFileSync(join(other, "mine"), "");
    s.lines();
    await assert.rejects(pod.checkpoint("c1", { path: other, exit: false }, rpc), {
      kind: "failed-precondition",
      message: /has mine in it: name an empty directory/,
    });
    await assert.rejects(pod.checkpoint("c1", { path: "relative", exit: false }, rpc), { kind: "invalid-argument" });
    assert.equal(readFileSync(join(other, "pod.json"), "utf8"), "theirs");
    assert.deepEqual(s.lines(), []);
    await pod.close();
  });

  it("that fails leaves nothing, and the container goes on", async () => {
    const pod = await s.running();
    mkdirSync(join(s.directory, "empty"));
    s.saving = () => Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" }));
    for (const name of ["empty", "made/below"]) {
      await assert.rejects(pod.checkpoint("c1", { path: join(s.directory, name), exit: true }, rpc), {
        kind: "resource-exhausted",
        message: /file system of .* is full/,
      });
      assert.equal(pod.state(init("c1")).status, "running");
    }
    assert.deepEqual(readdirSync(join(s.directory, "empty")), []);
    assert.ok(!existsSync(join(s.directory, "made")));
    assert.equal(s.vms[0]?.guest.side("c1").frozen, false);
    await pod.close();
  });

  it("is refused for what nobody could restore, before anything is stopped", async () => {
    const volume = (options: string[]): SpecMount => {
      const source = s.disk("volume.img", "data");
      return { destination: "/data", type: "ext4", source, options: ["loop", ...options] };
    };
    const refused = async (pod: PodController, message: RegExp): Promise<void> => {
      s.lines();
      await assert.rejects(pod.checkpoint("c1", { path: s.checkpoint, exit: false }, rpc), {
        kind: "failed-precondition",
        message,
      });
      assert.deepEqual([existsSync(s.checkpoint), s.lines()], [false, []]);
    };
    s.spec = { mounts: [volume(["rw"])] };
    const writing = await s.running();
    await refused(writing, /volume\.img is written to and is not of its root file system/);
    await writing.close();
    s.spec = { mounts: [volume(["ro"])] };
    const pod = await s.running();
    await pod.exec(execRequest("e1", "c1"));
    await pod.start({ id: "c1", execId: "e1" }, rpc);
    await refused(pod, /exec e1 runs in it/);
    await pod.close();
    s.spec = { mounts: [{ destination: "/d", type: "bind", source: s.directory, options: ["rbind"] }] };
    const sharing = await s.running();
    await refused(sharing, /the vm has 1 directory shares; cannot save it: use disks/);
    await sharing.close();
    s.spec = {};
    s.disk("c1.img", "");
    const unstarted = s.pod();
    await unstarted.create(s.request("c1"), rpc);
    await refused(unstarted, /is created; cannot checkpoint: start it first/);
    await unstarted.close();
  });

  it("wants the read-only disks that it was made with", async () => {
    const source = s.disk("volume.img", "data");
    s.spec = { mounts: [{ destination: "/data", type: "ext4", source, options: ["loop", "ro"] }] };
    await s.saved();
    const pod = s.pod();
    await s.restored({}, pod);
    await pod.close();
    s.disk("volume.img", "other data");
    await assert.rejects(s.restored(), { kind: "failed-precondition", message: /is not what the checkpoint had/ });
    s.spec = {};
    await assert.rejects(s.restored(), { kind: "failed-precondition", message: /volume\.img is not mounted here/ });
  });

  it("is refused by a pod that is there, and by the stack local, with nothing left", async () => {
    await s.saved();
    const vms = s.vms.length;
    await assert.rejects(s.restored({}, s.pod("local")), { kind: "unimplemented", message: /use stack qemu/ });
    assert.equal(s.vms.length, vms);
    const pod = await s.running();
    await assert.rejects(s.restored({}, pod), { kind: "unimplemented", message: /use a new pod/ });
    assert.throws(() => pod.state(init("c2")), { kind: "not-found" });
    await pod.close();
  });

  it("is refused on another root file system, terminal or with hooks, and the disk stays as it is", async () => {
    await s.saved();
    const larger = s.disk("larger.img", "");
    truncateSync(larger, 2 * DISK);
    const root = (type: string, source: string, ...options: string[]) => ({
      rootfs: [{ type, source, target: "", options: ["loop", ...options] }],
    });
    const source = join(s.directory, "c2.img");
    for (const [more, message] of [
      [root("xfs", source), /is not made as the checkpoint's was/],
      [root("ext4", source, "ro"), /is not made as the checkpoint's was/],
      [root("ext4", larger), /has 524288 bytes, the checkpoint's has 262144/],
      [{ rootfs: [{ type: "bind", source: s.directory, target: "", options: ["rbind"] }] }, /directories of this host/],
      [{ terminal: true }, /was created without a terminal/],
    ] as const) {
      const pod = s.pod();
      await assert.rejects(s.restored(more, pod), { kind: "failed-precondition", message });
      assert.equal(pod.busy(), false);
    }
    s.spec = { hooks: { prestart: [{ path: "/bin/true" }] } };
    await assert.rejects(s.restored(), { kind: "failed-precondition", message: /has OCI hooks/ });
    assert.equal(s.content("c2.img"), "of a new snapshot");
    assert.deepEqual(s.lines(), []);
  });

  it("that is damaged or hostile is refused with nothing left, and the disk stays as it is", {
    timeout: 20_000,
  }, async () => {
    await s.saved();
    const at = (name: string): string => join(s.checkpoint, name);
    const whole = new Map(readdirSync(s.checkpoint).map((name) => [name, readFileSync(at(name))]));
    const edit = (name: string, change: (text: string) => string) => () =>
      writeFileSync(at(name), change(String(whole.get(name))));
    const replaced = (name: string, make: (path: string) => void): void => {
      unlinkSync(at(name));
      make(at(name));
    };
    const secret = s.disk("secret", "of this host");
    const spoilt: readonly [() => void, string, RegExp][] = [
      [() => truncateSync(at("disk-0"), 3), "data-loss", /disk-0: it has 3 bytes/],
      [() => unlinkSync(at("disk-0")), "data-loss", /disk-0 cannot be read/],
      [() => replaced("disk-0", (path) => symlinkSync(secret, path)), "data-loss", /disk-0/],
      [() => chmodSync(at("disk-0"), 0o666), "failed-precondition", /may be written by others/],
      [() => unlinkSync(at("disks.json")), "not-found", /disks\.json cannot be read/],
      [edit("disks.json", (text) => text.slice(1)), "data-loss", /disks\.json is no JSON/],
      [edit("disks.json", (text) => text.replace('"version":1', '"version":9')), "failed-precondition", /version/],
      [edit("disks.json", (text) => text.replaceAll("c1.img", "secret")), "failed-precondition", /is not mounted here/],
      [edit("disks.json", (text) => text.replace('"offset":0', '"offset":-1')), "data-loss", /offset is no count/],
      [() => unlinkSync(at("pod.json")), "not-found", /pod\.json cannot be read/],
      [() => replaced("pod.json", (path) => execFileSync("mkfifo", ["-m", "600", path])), "data-loss", /no file/],
      [
        edit("pod.json", (text) => text.replaceAll("/c1.img", "/../secret")),
        "failed-precondition",
        /is not mounted here/,
      ],
      [
        edit("pod.json", (text) => text.replace('"state":"paused"', '"state":"stopped"')),
        "failed-precondition",
        /no task's/,
      ],
      [
        edit("pod.json", (text) => text.replace(/"containers":\[.*\],"devices"/, '"containers":[],"devices"')),
        "failed-precondition",
        /0 containers/,
      ],
    ];
    for (const [spoil, kind, message] of spoilt) {
      spoil();
      const pod = s.pod();
      await assert.rejects(s.restored({}, pod), { kind, message }, String(message));
      assert.equal(pod.busy(), false);
      assert.equal(s.content("c2.img"), "of a new snapshot");
      for (const [name, bytes] of whole) {
        rmSync(at(name), { force: true });
        writeFileSync(at(name), bytes, { mode: 0o600 });
      }
    }
    s.loading = () => Promise.reject(new ShimError("data-loss", "the state can't be loaded"));
    const pod = s.pod();
    await assert.rejects(s.restored({}, pod), { kind: "data-loss", message: /can't be loaded/ });
    assert.equal(pod.busy(), false);
    assert.deepEqual(s.lines(), []);
  });
});
