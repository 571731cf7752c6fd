import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { stateTableSuite, wrongStateSuite } from "../../test/compliance/state-suite.ts";
import { ShimError } from "../errors/shim-error.ts";
import {
  AddPcieDeviceRequest,
  CapabilitiesVMResponseResource,
  CreateVMRequest,
  DirectBoot,
  MemoryConfig,
  ModifyResourceRequest,
  ModifyType,
  PciePort,
  PcieRootComplex,
  PcieTopologyConfig,
  SCSIDisk,
  VM,
  VMConfig,
  VmState,
} from "../generated/vmservice.ts";
import { silentLogger } from "../log/logger.ts";
import { type Deferred, deferred } from "../orchestration/deadline.ts";
import { memoryStreamPair } from "../transport/memory-stream.ts";
import { Client } from "../ttrpc/client.ts";
import { Server } from "../ttrpc/server.ts";
import type { ServiceClient } from "../ttrpc/service.ts";
import type { VMExit } from "../vmmanager/lifetime.ts";
import type { UtilityVM } from "../vmmanager/uvm.ts";
import { planOf } from "./config.ts";
import type { VmPlan } from "./plan.ts";
import type { VmServicePorts } from "./ports.ts";
import { ServedVm } from "./served-vm.ts";
import { servedVmStates } from "./state.ts";
import { registerVmService } from "./vm-service.ts";

const stateDirectory = mkdtempSync(join(tmpdir(), "uvm-vmservice-"));
after(() => rmSync(stateDirectory, { recursive: true }));

const rootPorts = [PciePort.create({ name: "port1" }), PciePort.create({ name: "port8", hotplug: true })];
const config = VMConfig.create({
  memoryConfig: MemoryConfig.create({ memoryMb: 256n }),
  directBoot: DirectBoot.create({ kernelPath: "/i/vmlinuz" }),
  pcie: PcieTopologyConfig.create({ rootComplexes: [PcieRootComplex.create({ rootPorts })] }),
});
const request = CreateVMRequest.create({ config, logId: "v1" });

/** A stack whose VMs say what was asked of them; each step can be told to fail or to hang. */
class Host {
  readonly log: string[] = [];
  readonly faults: { [step: string]: (() => Promise<void>) | undefined } = {};
  exit: Deferred<VMExit> = deferred();
  readonly ports: VmServicePorts = {
    createUvm: async (_options, plan, { signal }) => await this.#create(plan, signal),
    supported: (resource, operation) => resource === "scsi" || (resource === "memory" && operation === "update"),
    openTap: () => 99,
    registeredFd: (name) => (name === "t" ? 98 : undefined),
    ...{ stateDirectory, log: silentLogger },
  };

  async #create({ boot }: Pick<VmPlan, "boot">, signal: AbortSignal | undefined): Promise<UtilityVM> {
    this.log.push(`create ${boot.kernel}`);
    await this.faults.create?.();
    signal?.throwIfAborted();
    const exit = deferred<VMExit>();
    this.exit = exit;
    const step = (name: string) => async (argument?: unknown) => {
      this.log.push(typeof argument === "object" ? name : `${name} ${argument}`);
      await this.faults[name]?.();
    };
    const uvm = {
      sockets: {},
      ...{ start: step("start"), pause: step("pause"), resume: step("resume") },
      addScsiDisk: step("addScsiDisk"),
      removeScsiDisk: step("removeScsiDisk"),
      addNetworkAdapter: step("addNetworkAdapter"),
      removeNetworkAdapter: step("removeNetworkAdapter"),
      updateMemory: step("updateMemory"),
      updateProcessors: step("updateProcessors"),
      statistics: async () => ({
        memory: { assignedBytes: 2n, workingSetBytes: 1n },
        processor: { totalNs: 3n, guestNs: 0n },
      }),
      wait: () => exit.promise,
      close: async () => {
        this.log.push("close");
        exit.resolve({ exitedAt: new Date(0) });
      },
    };
    return uvm as unknown as UtilityVM;
  }
}

/** In the state that a test wants it in. */
class Subject {
  readonly host = new Host();
  readonly vm = new ServedVm(this.host.ports);
  readonly #hung: Deferred<void> = deferred();

  async create(): Promise<this> {
    await this.vm.create("v1", planOf(config), {});
    return this;
  }

  async running(): Promise<this> {
    await (await this.create()).vm.resume({});
    return this;
  }

  async halted(): Promise<this> {
    await this.running();
    this.host.exit.resolve({ exitedAt: new Date(0), error: new Error("the guest powered itself off") });
    await this.vm.wait({});
    return this;
  }

  /** Begins the call, which stays where it is until `close`. */
  hang(step: string, call: () => Promise<void>): this {
    this.host.faults[step] = () => this.#hung.promise;
    call().catch(() => {});
    return this;
  }

  state(): string {
    return this.vm.state;
  }

  async close(): Promise<void> {
    this.#hung.resolve();
    await this.vm.quit();
  }
}

stateTableSuite(servedVmStates);
wrongStateSuite<Subject>(
  servedVmStates,
  {
    uninitialized: async () => new Subject(),
    creating: async () => {
      const subject = new Subject();
      return subject.hang("create", () => subject.create().then(() => undefined));
    },
    paused: () => new Subject().create(),
    resuming: async () => {
      const subject = await new Subject().create();
      return subject.hang("start", () => subject.vm.resume({}));
    },
    running: () => new Subject().running(),
    pausing: async () => {
      const subject = await new Subject().running();
      return subject.hang("pause", () => subject.vm.pause({}));
    },
    halted: () => new Subject().halted(),
    "tearing-down": async () => {
      const subject = new Subject();
      subject.hang("create", () => subject.create().then(() => undefined));
      subject.vm.teardown().catch(() => {});
      return subject;
    },
    over: async () => {
      const subject = new Subject();
      await subject.vm.quit();
      return subject;
    },
  },
  {
    create: ({ vm }) => vm.create("v2", planOf(config), {}),
    resume: ({ vm }) => vm.resume({}),
    pause: ({ vm }) => vm.pause({}),
    modify: async ({ vm }) => vm.changeable("change it"),
    wait: ({ vm }) => vm.wait({}),
    teardown: ({ vm }) => vm.teardown(),
  },
);

describe("the VM service", { timeout: 60_000 }, () => {
  async function served(run: (parts: Served) => Promise<void>): Promise<void> {
    const host = new Host();
    const server = new Server();
    let quits = 0;
    registerVmService(server, host.ports, () => quits++);
    const [near, far] = memoryStreamPair();
    server.accept(far);
    const client = new Client(near);
    try {
      await run({ host, vm: client.service(VM), quits: () => quits });
    } finally {
      client.close();
      server.close();
    }
  }
  const serve = (run: (parts: Served) => Promise<void>) => () => served(run);
  interface Served {
    readonly host: Host;
    readonly vm: ServiceClient<typeof VM>;
    quits(): number;
  }
  const stateOf = async ({ vm }: Pick<Served, "vm">) => (await vm.propertiesVM({ types: [] })).state;

  it(
    "leads a VM from its creation to its end, and another after it",
    serve(async ({ host, vm }) => {
      for (let i = 0; i < 2; i++) {
        assert.equal(await stateOf({ vm }), VmState.Uninitialized);
        await vm.createVM(request);
        assert.equal(await stateOf({ vm }), VmState.Paused);
        await vm.resumeVM({});
        await vm.resumeVM({});
        assert.equal(await stateOf({ vm }), VmState.Running);
        await vm.pauseVM({});
        await vm.pauseVM({});
        assert.equal(await stateOf({ vm }), VmState.Paused);
        await vm.resumeVM({});
        await vm.teardownVM({});
      }
      const once = ["create /i/vmlinuz", "start", "pause", "resume", "close"];
      assert.deepEqual(host.log, [...once, ...once]);
    }),
  );

  it(
    "has one VM: a second is refused, and a failed one leaves nothing",
    serve(async ({ host, vm }) => {
      host.faults.create = async () => {
        host.faults.create = undefined;
        throw new ShimError("not-found", "no kernel");
      };
      await assert.rejects(vm.createVM(request), { kind: "not-found", message: "no kernel" });
      assert.equal(await stateOf({ vm }), VmState.Uninitialized);
      await vm.createVM(request);
      await assert.rejects(vm.createVM(request), { kind: "failed-precondition", message: /cannot create another/ });
      assert.equal(await stateOf({ vm }), VmState.Paused);
      await vm.teardownVM({});
      await assert.rejects(vm.teardownVM({}), { kind: "failed-precondition" });
    }),
  );

  it(
    "tells any number of waiters of the guest's end, then and later, and why it was",
    serve(async ({ host, vm }) => {
      await assert.rejects(vm.waitVM({}), { kind: "failed-precondition" });
      await vm.createVM(request);
      const waiting = [vm.waitVM({}), vm.waitVM({})];
      await assert.rejects(vm.waitVM({}, { timeout: 20 }), { kind: "deadline-exceeded" });
      await vm.resumeVM({});
      host.exit.resolve({ exitedAt: new Date(0), error: new Error("the guest powered itself off") });
      await Promise.all([...waiting, vm.waitVM({})]);
      const { state, haltReason } = await vm.propertiesVM({ types: [0, 1] });
      assert.deepEqual([state, haltReason], [VmState.Halted, "the guest powered itself off"]);
      await assert.rejects(vm.resumeVM({}), { kind: "failed-precondition", message: /halted.*TeardownVM/ });
      await vm.teardownVM({});
    }),
  );

  it(
    "fails those who wait when the VM is torn down, also in the middle of its creation",
    serve(async ({ host, vm }) => {
      await vm.createVM(request);
      const waiting = assert.rejects(vm.waitVM({}), { kind: "aborted" });
      await vm.teardownVM({});
      await waiting;
      const hung = deferred<void>();
      const reached = deferred<void>();
      host.faults.create = () => {
        reached.resolve();
        return hung.promise;
      };
      const creating = assert.rejects(vm.createVM(request), { kind: "aborted" });
      await reached.promise;
      const tearing = vm.teardownVM({});
      await creating;
      hung.resolve();
      await tearing;
      assert.equal(await stateOf({ vm }), VmState.Uninitialized);
      assert.equal(host.log.filter((line) => line === "close").length, 1);
    }),
  );

  it(
    "keeps a VM paused that does not resume, and running that does not pause",
    serve(async ({ host, vm }) => {
      await vm.createVM(request);
      const fail = (step: string) => {
        host.faults[step] = async () => {
          host.faults[step] = undefined;
          throw new Error("no");
        };
      };
      fail("start");
      await assert.rejects(vm.resumeVM({}), { kind: "internal" });
      await vm.resumeVM({});
      fail("pause");
      await assert.rejects(vm.pauseVM({}), { kind: "internal" });
      assert.equal(await stateOf({ vm }), VmState.Running);
      assert.deepEqual(host.log, ["create /i/vmlinuz", "start", "start", "pause"]);
      await vm.teardownVM({});
    }),
  );

  it(
    "says what it can and no more, and how the VM fares where that is asked",
    serve(async ({ vm }) => {
      const { supportedResources, supportedGuestOs } = await vm.capabilitiesVM({});
      const { Scsi, Memory } = CapabilitiesVMResponseResource;
      assert.deepEqual(supportedGuestOs, [1]);
      assert.deepEqual(supportedResources, [
        { resource: Scsi, Add: true, Remove: true, Update: false },
        { resource: Memory, Add: false, Remove: false, Update: true },
      ]);
      assert.equal((await vm.propertiesVM({ types: [0] })).memoryStats, undefined);
      await vm.createVM(request);
      const { memoryStats, processorStats } = await vm.propertiesVM({ types: [0, 1] });
      assert.deepEqual([memoryStats?.workingSetBytes, memoryStats?.assignedMemory], [1n, 2n]);
      assert.equal(processorStats?.totalRuntimeNs, 3n);
      await vm.teardownVM({});
    }),
  );

  it(
    "changes what a VM has, and refuses by name what it can't",
    serve(async ({ host, vm }) => {
      const { ADD, REMOVE, UPDATE } = ModifyType;
      const modify = (more: Partial<ModifyResourceRequest>) => vm.modifyResource(ModifyResourceRequest.create(more));
      const scsiDisk = SCSIDisk.create({ lun: 2, hostPath: "/d" });
      await assert.rejects(modify({ type: ADD, scsiDisk }), { kind: "failed-precondition" });
      await vm.createVM(request);
      await modify({ type: ADD, scsiDisk });
      await modify({ type: REMOVE, scsiDisk });
      const nicConfig = {
        nicId: "n",
        macAddress: "02-00-5e-00-00-01",
        legacySwitchId: "",
        nicName: "",
        tap: { name: "t" },
      };
      await modify({ type: ADD, nicConfig });
      await modify({ type: REMOVE, nicConfig });
      await modify({ type: UPDATE, memory: { memoryMb: 512n } });
      await modify({ type: ADD, processor: { processorIndex: 1 } });
      assert.deepEqual(host.log.slice(1), [
        ...["addScsiDisk", "removeScsiDisk", "addNetworkAdapter", "removeNetworkAdapter n"],
        ...["updateMemory 512", "updateProcessors 2"],
      ]);
      await assert.rejects(modify({ type: ADD, processor: { processorIndex: 1 } }), { kind: "failed-precondition" });
      const refused: [Partial<ModifyResourceRequest>, RegExp][] = [
        [{ type: UPDATE, scsiDisk }, /UPDATE of scsi_disk/],
        [{ type: UPDATE, nicConfig }, /UPDATE of nic_config/],
        [{ type: REMOVE, vpmemDisk: { hostPath: "/l", type: 0, readOnly: true } }, /REMOVE of vpmem_disk/],
        [{ type: ADD, vpmemDisk: { hostPath: "/l", type: 0, readOnly: false } }, /vpmem_disk to be written/],
        [{ type: ADD, memory: { memoryMb: 1n } }, /ADD of memory/],
        [{ type: REMOVE, processor: { processorIndex: 0 } }, /REMOVE of processor/],
        [{ type: UPDATE, processorConfig: { processorWeight: 1, processorLimit: 1 } }, /processor_config/],
        [{ type: ADD, windowsDevice: { instanceId: "x" } }, /windows_device/],
      ];
      for (const [more, message] of refused) await assert.rejects(modify(more), { kind: "unimplemented", message });
      await assert.rejects(modify({}), { kind: "invalid-argument" });
      await assert.rejects(modify({ type: 7 as ModifyType, scsiDisk }), { kind: "invalid-argument" });
      await vm.teardownVM({});
    }),
  );

  it(
    "has PCIe ports that take a device each, where they are for that",
    serve(async ({ host, vm }) => {
      await vm.createVM(request);
      const net = { macAddress: "02-00-5e-00-00-01", backend: { tap: { fdName: "t" } } };
      const add = (portName: string, device = AddPcieDeviceRequest.create({ device: { virtio: { net } } }).device) =>
        vm.addPcieDevice({ portName, device });
      await assert.rejects(add("port9"), { kind: "not-found", message: /port1 port8/ });
      await assert.rejects(add("port1"), { kind: "failed-precondition", message: /no hotplug/ });
      await assert.rejects(vm.removePcieDevice({ portName: "port8" }), { kind: "not-found" });
      await add("port8");
      await assert.rejects(add("port8"), { kind: "already-exists" });
      await vm.removePcieDevice({ portName: "port8" });
      const other = { virtio: { net: { ...net, backend: { tap: { fdName: "other" } } } } };
      await assert.rejects(add("port8", other), { kind: "not-found", message: /registered as other/ });
      const vsock = { virtio: { vsock: { socketPath: "/v" } } };
      await assert.rejects(add("port8", vsock), { kind: "unimplemented", message: /virtio\.vsock/ });
      await assert.rejects(vm.addVpciDevice({ instanceId: "" }), { kind: "unimplemented", message: /AddPcieDevice/ });
      await assert.rejects(vm.removeVpciDevice({ instanceId: "" }), { kind: "unimplemented" });
      await add("port8");
      const calls = ["addNetworkAdapter", "removeNetworkAdapter port8", "addNetworkAdapter"];
      assert.deepEqual(host.log.slice(1), calls);
      await vm.teardownVM({});
    }),
  );

  it(
    "ends its VM before it quits, and takes no other",
    serve(async ({ host, vm, quits }) => {
      await vm.createVM(request);
      await vm.quit({});
      assert.deepEqual([host.log.at(-1), quits()], ["close", 1]);
      await assert.rejects(vm.createVM(request), { kind: "failed-precondition", message: /is over/ });
      assert.ok(existsSync(stateDirectory));
    }),
  );
});
