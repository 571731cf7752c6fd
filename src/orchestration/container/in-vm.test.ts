import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type DeviceCall, DeviceStandIn } from "../../../test/compliance/device-stand-in.ts";
import { createRequest, GuestStandIn } from "../../../test/compliance/guest-stand-in.ts";
import { unavailable } from "../../errors/shim-error.ts";
import type { ContainerDocument } from "../../guestmanager/guest.ts";
import type { Spec } from "../../oci/spec.ts";
import { readSavedDevices, vmDevices } from "../device/devices.ts";
import type { Mount } from "../events.ts";
import { podLimits } from "../pod/ports.ts";
import { RestoredStreams } from "../process/saved.ts";
import type { CreateTask } from "../tasks.ts";
import { type BootHint, ContainerController } from "./controller.ts";
import type { ContainerVm } from "./ports.ts";
import { readSavedContainer } from "./saved.ts";

const erofs = (name: string): Mount => ({ type: "erofs", source: `/${name}.img`, target: "", options: ["ro", "loop"] });
const layers: Mount[] = [
  { type: "ext4", source: "/scratch.img", target: "", options: ["rw", "loop"] },
  erofs("top"),
  erofs("base"),
  {
    type: "format/mkdir/overlay",
    source: "overlay",
    target: "",
    options: [
      "X-containerd.mkdir.path={{ mount 0 }}/upper:0755",
      "lowerdir={{ overlay 1 2 }}",
      "upperdir={{ mount 0 }}/upper",
      "workdir={{ mount 0 }}/work",
    ],
  },
];
const overlay: Mount[] = [{ type: "overlay", source: "overlay", target: "", options: ["lowerdir=/a:/b"] }];
const mounts = [
  { destination: "/proc", type: "proc", source: "proc" },
  { destination: "/w", type: "bind", source: "/data", options: ["rbind", "rw"] },
  { destination: "/r", type: "bind", source: "/data", options: ["rbind", "ro"] },
  { destination: "/dev/shm", type: "bind", source: "/pod/shm", options: ["rbind"] },
];

class Subject {
  readonly guest = new GuestStandIn();
  readonly devices = new DeviceStandIn();
  readonly mounts = new Set<string>();
  container: ContainerController;
  readonly hints: BootHint[] = [];
  /** Before the host has mounted a root file system. */
  mounting = async (): Promise<void> => {};
  readonly spec: Spec;
  document: ContainerDocument | undefined;
  #vm: ContainerVm;
  readonly #request: CreateTask;

  constructor(rootfs: readonly Mount[], spec: Partial<Spec> = {}) {
    this.spec = {
      ociVersion: "1.0.2",
      root: { path: "rootfs" },
      mounts,
      linux: { namespaces: [{ type: "pid" }] },
      ...spec,
    };
    this.#vm = {
      uvm: {
        ...{
          stack: "qemu",
          wait: async () => ({ exitedAt: new Date() }),
          hostPid: () => 1000,
          guestPath: () => undefined,
        },
        sockets: {
          listen: () => {
            throw new Error("not asked for here");
          },
        },
      },
      guest: {
        capabilities: () => this.guest.capabilities(),
        createContainer: (id, document) => {
          this.document = document;
          return this.guest.createContainer(id);
        },
        openContainer: (id) => this.guest.openContainer(id),
        openProcess: (id, pid) => this.guest.openProcess(id, pid),
        deleteContainerState: (id) => this.guest.deleteContainerState(id),
        addCombinedLayers: this.devices.addCombinedLayers,
        removeCombinedLayers: this.devices.removeCombinedLayers,
      },
      devices: vmDevices({ uvm: this.devices, guest: this.devices }),
    };
    this.#request = createRequest("c1", { rootfs });
    this.container = this.#make();
  }

  #make(): ContainerController {
    const io = { stdin: undefined, stdout: undefined, stderr: undefined };
    return new ContainerController({
      request: this.#request,
      ...{ namespace: "ns", stateDirectory: "/state", limits: podLimits.container, inVm: true },
      guestPid: (id) => (id === "sandbox" ? 42 : undefined),
      ports: {
        loadSpec: () => this.spec,
        files: {
          kindOf: (path) => (path.endsWith(".img") ? "file" : path.startsWith("/no") ? "missing" : "directory"),
          tmpfsSize: (path) => (path.endsWith("shm") ? 65536 : undefined),
        },
        rootfs: {
          mount: async (_, target) => {
            await this.mounting();
            this.mounts.add(target);
          },
          unmount: async (target) => {
            assert.ok(![...this.devices.shares.values()].includes(target), "a share of it is still there");
            this.mounts.delete(target);
          },
        },
        io: {
          open: async () => ({ ...io, drained: async () => {}, close: async () => {} }),
          relay: () => ({ done: Promise.resolve(), stop() {}, hold: () => new Uint8Array(), release() {} }),
        },
        events: { publish: () => {} },
        warn: () => {},
      },
    });
  }

  create(): Promise<number> {
    return this.container.create(async (_, hint) => {
      this.hints.push(hint);
      return this.#vm;
    }, new AbortController().signal);
  }

  async exited(): Promise<this> {
    await this.create();
    await this.container.start();
    this.guest.side("c1").init.resolve(0);
    await this.container.wait("", {});
    return this;
  }

  /** Its container is now another one, made of what this one saved. */
  async saveAndRestore(): Promise<void> {
    this.container.hold();
    const { devices } = this.#vm;
    const saved = JSON.parse(JSON.stringify([this.container.save(), devices.save()]));
    const vm = { uvm: this.devices, guest: this.devices };
    this.#vm = { ...this.#vm, devices: vmDevices(vm, undefined, readSavedDevices(saved[1], "devices")) };
    this.container = this.#make();
    await this.container.restore(readSavedContainer(saved[0], "container"), this.#vm, new RestoredStreams([]));
  }

  get guestSpec(): Spec {
    return this.document?.ociSpecification as Spec;
  }

  nothingLeft(): void {
    assert.deepEqual([...this.devices.left(), ...this.mounts, ...this.guest.containers.keys()], []);
  }
}

const fault = (): never => {
  throw new Error("planted");
};

describe("a container in a VM", () => {
  it("has its layers as disks that the guest composes, without a mount on the host", async () => {
    const s = new Subject(layers, { mounts: [] });
    await s.create();
    assert.equal(s.mounts.size, 0);
    assert.deepEqual(s.hints, [{ shares: false }]);
    assert.deepEqual(s.guestSpec.root?.path, "/run/gcs/c/c1/rootfs");
    assert.equal(s.document?.ociBundlePath, "/run/gcs/c/c1");
    assert.equal(
      s.devices.log.at(-1),
      "addCombinedLayers /run/gcs/c/c1/rootfs /run/mounts/m1:/run/mounts/m2 /run/mounts/m0",
    );
  });

  it("has a snapshot of the host's as a share of the bundle's root, and its mounts where they are in the guest", async () => {
    const s = new Subject(overlay);
    await s.create();
    assert.deepEqual(s.hints, [{ shares: true }]);
    assert.deepEqual([...s.mounts], ["/bundles/c1/rootfs"]);
    const [root, data, readOnly] = [...s.devices.shares.values()];
    assert.deepEqual([root, data, readOnly].sort(), ["/bundles/c1/rootfs", "/data", "/data"]);
    assert.deepEqual(
      s.guestSpec.mounts?.map(({ source }) => source?.replace(/\d+$/, "N")),
      ["proc", "/run/mounts/mN", "/run/mounts/mN", "/run/mounts/mN"],
    );
  });

  it("is restored with what it holds in its VM, and gives that back at its delete", async () => {
    const s = await new Subject(layers, {
      mounts: mounts.filter(({ type, source }) => type === "proc" || /shm/.test(source)),
    }).exited();
    const calls = s.devices.log.length;
    await s.saveAndRestore();
    assert.equal(s.devices.log.length, calls, "it is there");
    await s.container.delete();
    assert.equal(s.devices.log.at(calls), "removeCombinedLayers /run/gcs/c/c1/rootfs");
    s.nothingLeft();
  });

  it("joins its pod's sandbox", async () => {
    const annotations = { "io.kubernetes.cri.sandbox-id": "sandbox" };
    const linux = { namespaces: [{ type: "pid" }, { type: "ipc", path: "/proc/9/ns/ipc" }] };
    const s = new Subject(overlay, { annotations, linux });
    await s.create();
    assert.deepEqual(s.guestSpec.linux?.namespaces, [{ type: "pid" }, { type: "ipc", path: "/proc/42/ns/ipc" }]);
    assert.equal(s.container.guestPid, s.guest.side("c1").initPid);
  });

  it("that no VM can hold boots none", async () => {
    const s = new Subject(overlay, { mounts: [{ destination: "/x", type: "bind", source: "/nowhere" }] });
    await assert.rejects(s.create(), /mount on \/x: \/nowhere does not exist/);
    assert.deepEqual(s.hints, []);
    s.nothingLeft();
  });

  const ups: DeviceCall[] = [
    ...(["addScsiDisk", "addMappedVirtualDisk", "addCombinedLayers"] as const),
    ...(["addPlan9Share", "addMappedDirectory", "createProcess"] as const),
  ];
  for (const call of ups) {
    for (const nth of [1, 2]) {
      it(`whose ${call} no. ${nth} fails leaves nothing`, async () => {
        const s = new Subject(layers);
        let calls = 0;
        s.devices.lateFaults[call] = () => ++calls === nth && fault();
        if (call === "addCombinedLayers" && nth === 2) return;
        await assert.rejects(s.create(), /planted/);
        s.nothingLeft();
      });
    }
  }

  it("of which one part fails while others are under way leaves nothing", async () => {
    for (const [rootfs, slow] of [
      [layers, "addScsiDisk"],
      [overlay, "rootfs"],
    ] as const) {
      const s = new Subject(rootfs);
      s.devices.faults.createProcess = fault;
      const late = async (): Promise<void> => {
        for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
      };
      if (slow === "rootfs") s.mounting = late;
      else s.devices.faults[slow] = late;
      await assert.rejects(s.create(), /planted/);
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      s.nothingLeft();
    }
  });

  it("whose create fails in the guest leaves nothing", async () => {
    for (const rootfs of [layers, overlay]) {
      const s = new Subject(rootfs);
      s.guest.faults.create = fault;
      await assert.rejects(s.create(), /planted/);
      s.nothingLeft();
    }
  });

  const downs: [DeviceCall, readonly Mount[]][] = [
    ["removeCombinedLayers", layers],
    ["removeMappedVirtualDisk", layers],
    ["removeScsiDevice", layers],
    ["removeScsiDisk", layers],
    ["removeMappedDirectory", overlay],
    ["removePlan9Share", overlay],
    ["createProcess", overlay],
  ];
  for (const [call, rootfs] of downs) {
    it(`whose ${call} fails at its delete is deleted by the next`, async () => {
      const s = await new Subject(rootfs).exited();
      s.devices.faults[call] = fault;
      await assert.rejects(s.container.delete(), /planted/);
      delete s.devices.faults[call];
      await s.container.delete();
      s.nothingLeft();
    });
  }

  it("of a VM that is gone gives back what the host has", async () => {
    const s = await new Subject(overlay).exited();
    const gone = (): never => {
      s.devices.mounts.clear();
      throw unavailable("the bridge is closed");
    };
    s.devices.faults.removeMappedDirectory = gone;
    s.devices.faults.createProcess = gone;
    s.guest.faults.delete = gone;
    await s.container.delete();
    assert.deepEqual([...s.devices.left(), ...s.mounts], []);
  });
});
