import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DeviceBench } from "../../../../test/compliance/device-kinds.ts";
import { createRequest, GuestStandIn } from "../../../../test/compliance/guest-stand-in.ts";
import { unavailable } from "../../../errors/shim-error.ts";
import type { ContainerStatistics, WindowsContainerDocument } from "../../../guestmanager/guest.ts";
import type { Spec } from "../../../oci/spec.ts";
import { deferred } from "../../deadline.ts";
import type { EventSink } from "../../events.ts";
import { podLimits } from "../../pod/ports.ts";
import { ContainerController } from "../controller.ts";
import type { ContainerVm } from "../ports.ts";

const rootfs = [
  { type: "windows-layer", source: "C:\\s\\3", target: "", options: ['parentLayerPaths=["C:\\\\s\\\\1"]'] },
];
const process = { cwd: "C:\\", args: ["cmd", "/c", "echo hi"], user: { username: "ContainerUser" } };

/** One Windows container in a VM whose guest is Windows, or is not. */
class Subject {
  readonly guest = new GuestStandIn();
  readonly bench = new DeviceBench();
  readonly events: Parameters<EventSink["publish"]>[0][] = [];
  readonly warnings: string[] = [];
  readonly filters = new Set<string>();
  document: WindowsContainerDocument | undefined;
  started: object | undefined;
  readonly shutdowns: string[] = [];
  readonly faults: Partial<Record<"graceful" | "forced", () => Promise<void>>> = {};
  /** Of its system in the guest, which outlives its init. */
  readonly ended = deferred<void>();
  readonly container: ContainerController;
  readonly #vm: ContainerVm;

  constructor(os: "windows" | "linux" = "windows") {
    // What hcsshim's guests have of it.
    this.guest.tellsInitPid = false;
    const all = this.guest.capabilitiesNow;
    this.guest.capabilitiesNow = {
      ...{ ...all, deleteContainerStateSupported: false, signalAllSupported: false },
      ...{ freezerSupported: false, initStdioSupported: false },
    };
    const guest = {
      capabilities: () => this.guest.capabilities(),
      createContainer: () => assert.fail("asked of a Linux guest"),
      openContainer: () => assert.fail("not asked for"),
      openProcess: () => assert.fail("not asked for"),
      deleteContainerState: () => assert.fail("it has no such request"),
      addCombinedLayers: () => assert.fail("a Linux guest's"),
      removeCombinedLayers: () => assert.fail("a Linux guest's"),
    };
    this.#vm = {
      uvm: {
        ...{ stack: "hcs", wait: async () => ({ exitedAt: new Date() }), hostPid: (pid) => pid },
        guestPath: () => undefined,
        sockets: { listen: () => assert.fail("not asked for") },
      },
      guest,
      devices: this.bench.devices,
      ...(os === "windows" && {
        windows: {
          host: { layerId: (name) => `guid-${name}`, container: (id, _, storage) => ({ id, root: storage.rootPath }) },
          guest: {
            createProcess: this.bench.vm.createProcess,
            addCombinedLayers: async ({ containerRootPath = "" }) => void this.filters.add(containerRootPath),
            removeCombinedLayers: async ({ containerRootPath = "" }) => void this.filters.delete(containerRootPath),
            createContainer: async (id, document) => {
              this.document = document;
              const container = await this.guest.createContainer(id);
              const { startInit, signal } = container;
              const noted: typeof startInit = (settings, call) => {
                this.started = settings;
                return startInit(settings, call);
              };
              const shutdown: typeof container.shutdown = async (mode) => {
                this.shutdowns.push(mode);
                await this.faults[mode]?.();
                this.ended.resolve();
              };
              const end: typeof signal = async (number, options) => {
                // As BridgeContainer does it before a start.
                if (this.started === undefined) await shutdown("forced");
                return signal(number, options);
              };
              return Object.assign(container, {
                ...{ startInit: noted, shutdown, signal: end, wait: () => this.ended.promise },
              });
            },
          },
        },
      }),
    };
    const io = { stdin: undefined, stdout: undefined, stderr: undefined };
    const spec: Spec = { ociVersion: "1.1.0", process, windows: {} };
    this.container = new ContainerController({
      request: createRequest("c1", { rootfs }),
      ...{ namespace: "ns", stateDirectory: "/state", limits: podLimits.container, inVm: true },
      ports: {
        loadSpec: () => spec,
        files: { kindOf: () => "file", tmpfsSize: () => undefined },
        rootfs: { mount: async () => assert.fail("mounted on the host"), unmount: async () => {} },
        io: {
          open: async () => ({ ...io, drained: async () => {}, close: async () => {} }),
          relay: () => ({ done: Promise.resolve(), stop() {}, hold: () => new Uint8Array(), release() {} }),
        },
        events: { publish: (event) => this.events.push(event) },
        warn: (message) => this.warnings.push(message),
      },
    });
  }

  create(): Promise<number> {
    return this.container.create(async () => this.#vm, new AbortController().signal);
  }

  nothingLeft(): void {
    assert.deepEqual([...this.bench.vm.left(), ...this.filters, ...this.warnings], []);
  }
}

describe("a Windows container", () => {
  it("is created with its own document, started with its process, and deleted with what it holds", async () => {
    const s = new Subject();
    await s.create();
    assert.deepEqual(s.document, { container: { id: "c1", root: "/run/mounts/m0" } });
    await s.container.start();
    assert.deepEqual(s.started && Reflect.get(s.started, "ociProcess"), process);
    // STATUS_CONTROL_C_EXIT: 32 bits, not 8.
    s.guest.side("c1").init.resolve(0xc000_013a);
    const { status } = await s.container.wait("", {});
    assert.equal(status, 0xc000_013a);
    await s.container.delete();
    const exit = s.events.find(({ topic }) => topic === "/tasks/exit");
    assert.equal(exit && Reflect.get(exit, "exitStatus"), 0xc000_013a);
    assert.deepEqual(s.shutdowns, ["graceful"]);
    s.nothingLeft();
  });

  it("is ended by force where its system does not shut down, and not deleted where that fails too", async () => {
    const s = new Subject();
    await s.create();
    await s.container.start();
    s.guest.side("c1").init.resolve(0);
    await s.container.wait("", {});
    const planted = () => Promise.reject(new Error("planted"));
    s.faults.graceful = s.faults.forced = planted;
    await assert.rejects(s.container.delete(), /planted/);
    assert.equal(s.container.state, "stopped");
    delete s.faults.forced;
    await s.container.delete();
    assert.deepEqual(s.shutdowns, ["graceful", "forced", "graceful", "forced"]);
    s.nothingLeft();
  });

  it("is deleted before its start, by a guest that only shuts containers down", async () => {
    const s = new Subject();
    await s.create();
    const { exit } = await s.container.delete();
    assert.equal(exit.status, 137);
    assert.deepEqual(s.shutdowns, ["forced"]);
    s.nothingLeft();
  });

  it("tells its statistics and takes WindowsResources", async () => {
    const s = new Subject();
    await s.create();
    await s.container.start();
    const statistics: ContainerStatistics = await s.container.stats();
    assert.ok(statistics);
    await assert.rejects(s.container.update("linux", {}), { kind: "invalid-argument", message: /is a Windows one/ });
    await s.container.update("windows", { memory: { limit: 1 << 30 } });
    s.guest.side("c1").init.resolve(0);
    await s.container.wait("", {});
    await s.container.delete();
    s.nothingLeft();
  });

  it("leaves nothing where its create fails in the guest", async () => {
    const s = new Subject();
    s.guest.faults.create = () => {
      throw unavailable("planted");
    };
    await assert.rejects(s.create(), /planted/);
    s.nothingLeft();
  });

  it("is refused by a VM with a Linux guest", async () => {
    const s = new Subject("linux");
    await assert.rejects(s.create(), { kind: "failed-precondition", message: /its vm has a Linux guest/ });
    assert.deepEqual(s.bench.vm.log, []);
  });
});
