import { mkdir, readdir, rm } from "node:fs/promises";
import { failedPrecondition, ShimError, unavailable, unimplemented } from "../../errors/shim-error.ts";
import type { VMExit } from "../../vmmanager/lifetime.ts";
import type { UvmSizing } from "../../vmmanager/sizing.ts";
import type { UvmOptions } from "../../vmmanager/uvm.ts";
import { bounded, deferred } from "../deadline.ts";
import { type VmDevices, vmDevices } from "../device/devices.ts";
import { DiagnosticsController } from "../diagnostics/controller.ts";
import type { ReportLine } from "../report.ts";
import { Machine } from "../state-table.ts";
import type { RpcOptions } from "../tasks.ts";
import { VmController } from "../vm/controller.ts";
import type { VmHost, VmPorts } from "../vm/ports.ts";
import { tellResumed } from "../vm/resumed.ts";
import { type DeviceHolder, UvmDevices } from "./devices.ts";
import { resizeMemory } from "./memory.ts";
import {
  type DeviceKind,
  type DrivenUvm,
  type UvmDevice,
  type UvmLimits,
  type UvmPorts,
  type UvmStatus,
  type UvmTold,
  uvmLimits,
} from "./ports.ts";
import { readSavedUvm, removeSavedUvm, writeSavedUvm } from "./saved.ts";
import { type UvmState, uvmStates } from "./state.ts";

/** One VM that somebody drives by hand: no pod, no containers; processes, devices and its whole life. */
export class UvmController implements DrivenUvm {
  readonly diagnostics: DiagnosticsController;
  /** Resolves once it has stopped, however that came. */
  readonly stopped: Promise<VMExit>;
  readonly #options: UvmOptions;
  readonly #ports: UvmPorts;
  readonly #limits: UvmLimits;
  readonly #machine: Machine<typeof uvmStates, UvmState>;
  readonly #stopped = deferred<VMExit>();
  readonly #attached: UvmDevices;
  #sizing: UvmSizing | undefined;
  #vm: VmController | undefined;
  #devices: VmDevices | undefined;
  #upSince: Date | undefined;
  /** Processes that somebody runs in it, and waits for. */
  #processes = 0;

  constructor(options: UvmOptions, ports: UvmPorts, limits: Partial<UvmLimits> = {}) {
    const { id } = options;
    this.#options = options;
    this.#ports = ports;
    this.#limits = { ...uvmLimits, ...limits };
    this.#machine = new Machine<typeof uvmStates, UvmState>(uvmStates, id, { name: "not-booted" });
    this.#attached = new UvmDevices(id, ports.files, this.#limits);
    this.#sizing = options.sizing;
    this.stopped = this.#stopped.promise;
    this.diagnostics = new DiagnosticsController({
      ...{ id, namespace: "", stack: ports.stack.name, ports },
      vm: (verb) => this.#host(verb),
      console: () => this.#vm?.console,
      awake: async (work) => {
        this.#processes += 1;
        try {
          return await work();
        } finally {
          this.#processes -= 1;
        }
      },
      tasks: () => [],
    });
  }

  /** As its VM's, where it is up. */
  get state(): string {
    return this.#machine.is("up") ? (this.#vm?.state ?? "up") : this.#machine.state.name;
  }

  async boot(devices: readonly UvmDevice[], { signal }: RpcOptions): Promise<void> {
    this.#machine.begin("boot", { name: "booting" });
    await this.#bring(signal, async () => {
      // Before the boot, which takes seconds.
      for (const device of devices) await this.#attached.check(device);
      const { stack } = this.#ports;
      const vm = this.#create({ createUvm: (options, call) => stack.create(options, call) });
      await this.#start(vm, signal);
      for (const device of devices) await this.#attached.add(this.#holder(vm.host("add a device")), device);
    });
  }

  async restore(directory: string, { signal }: RpcOptions): Promise<void> {
    this.#machine.begin("boot", { name: "booting" }, "restore");
    await this.#bring(signal, async () => {
      const { stack, files, warn } = this.#ports;
      const saved = readSavedUvm(directory);
      if (saved.stack !== stack.name) {
        const here = `this one is on stack ${stack.name}`;
        throw failedPrecondition(`${directory} is of a VM on stack ${saved.stack}; cannot restore it: ${here}`);
      }
      for (const { source, fingerprint } of saved.disks) {
        if ((await files.fingerprint(source)) === fingerprint) continue;
        const why = "its guest would overwrite what it does not know of";
        throw failedPrecondition(
          `disk ${source} was changed since ${directory} was saved; cannot restore it: ${why}; boot a new VM with it`,
        );
      }
      this.#sizing = saved.sizing ?? this.#sizing;
      const vm = this.#create({
        createUvm: (options, call) => stack.restore(options, { directory }, call),
        startUvm: async (host, call) => {
          this.#devices = vmDevices(host, undefined, saved.devices);
          await host.uvm.resume(call);
        },
      });
      await this.#start(vm, signal);
      const host = vm.host("restore it");
      await tellResumed(host.guest, this.#limits.vm.pause).catch((cause) =>
        warn(`uvm ${this.#options.id}: its clock was not set`, cause),
      );
      await this.#attached.restored(this.#holder(host), saved.disks);
    });
  }

  async pause(): Promise<void> {
    await this.#running("pause").pause();
  }

  async resume(): Promise<void> {
    await this.#running("resume").resume();
  }

  async save(directory: string): Promise<void> {
    const vm = this.#running("save");
    const { id } = this.#options;
    this.#attached.checkSavable();
    if (this.#processes > 0) {
      const runs = `uvm ${id} has ${this.#processes} processes that somebody waits for`;
      throw failedPrecondition(`${runs}; cannot save it: let them end, or run them in the background of the guest`);
    }
    const isNew = (await mkdir(directory, { recursive: true, mode: 0o700 })) !== undefined;
    if ((await readdir(directory)).length > 0) {
      throw failedPrecondition(`${directory} is not empty; cannot save uvm ${id} there: name a new directory`);
    }
    try {
      await vm.save(async (host, call) => {
        const devices = this.#holder(host).devices.save();
        await host.uvm.save({ directory, ...call });
        const disks = await this.#attached.save();
        const sizing = this.#sizing;
        await writeSavedUvm(directory, { id, stack: host.uvm.stack, ...(sizing && { sizing }), devices, disks });
      });
    } catch (cause) {
      await removeSavedUvm(directory);
      if (isNew) await rm(directory, { recursive: true, force: true });
      throw cause;
    }
  }

  async add(device: UvmDevice): Promise<UvmDevice> {
    return this.#attached.add(this.#host(`add a ${device.kind}`), device);
  }

  async remove(kind: DeviceKind, what: string): Promise<void> {
    this.#host(`remove a ${kind}`);
    await this.#attached.remove(kind, what);
  }

  async resizeMemory(byMib: number): Promise<void> {
    const host = this.#host("resize its memory");
    if (this.#sizing === undefined) {
      throw unimplemented(`uvm ${this.#options.id} is on stack ${host.uvm.stack}, which has no memory of its own`);
    }
    this.#sizing = await resizeMemory(host, this.#sizing, byMib, this.#limits.vm.growth);
  }

  async status(): Promise<UvmStatus> {
    const { state } = this;
    const sizing = this.#sizing;
    const pid = this.#vm?.state === "running" ? this.#vm.host("tell of it").uvm.hostPid(0) : 0;
    return {
      ...{ state, stack: this.#ports.stack.name, devices: this.#attached.list() },
      ...(sizing && { sizing }),
      // On this host without a VM a process is its own.
      ...(pid > 0 && { pid }),
      ...(this.#upSince && { upSince: this.#upSince }),
    };
  }

  async statistics({ signal }: RpcOptions): Promise<UvmTold> {
    const { uvm } = this.#host("tell its statistics");
    const told = await bounded(this.#limits.query, `statistics of uvm ${uvm.id}`, async (limit) => {
      const call = { signal: AbortSignal.any([signal, limit.signal]) };
      return { ...(await uvm.statistics(call)), details: (await uvm.properties(call)).details };
    });
    return told;
  }

  async stop({ now }: { readonly now: boolean }): Promise<void> {
    const graceful = !now && this.state === "running";
    this.diagnostics.close();
    if (this.#machine.is("not-booted")) this.#machine.transition("stop", { name: "stopped" });
    else this.#machine.transition("stop", { name: "stopping" });
    if (graceful) await this.#attached.letGo(this.#ports.warn);
    await this.#vm?.terminate({ graceful }).catch((cause) => this.#ports.warn("its end failed", cause));
    this.#end({ exitedAt: new Date() });
  }

  report(): ReportLine[] {
    return [{ what: "vm", fields: { state: this.state, devices: this.#attached.list().length } }];
  }

  /** Undefined where there is no guest that can tell. */
  async guestStacks({ signal }: RpcOptions): Promise<string | undefined> {
    if (this.#vm?.state !== "running") return undefined;
    return this.#vm.guest("ask it").dumpStacks({ signal });
  }

  /** Either all of it, or nothing is left. */
  async #bring(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      signal.throwIfAborted();
      await work();
      if (!this.#machine.transition("booted", { name: "up" })) throw this.#machine.refusal("boot");
      this.#upSince = new Date();
    } catch (thrown) {
      const cause = ShimError.from(thrown, "internal");
      this.#machine.transition("bootFailed", { name: "stopped" });
      await this.#vm?.terminate().catch((leak) => this.#ports.warn("its end failed", leak));
      this.#end({ exitedAt: new Date(), error: cause });
      throw cause;
    }
  }

  #create(ports: Pick<VmPorts, "createUvm" | "startUvm">): VmController {
    const { createGuest, warn } = this.#ports;
    const sizing = this.#sizing;
    const options = { ...this.#options, ...(sizing && { sizing }) };
    const vm = new VmController(
      options,
      { ...ports, createGuest: (uvm) => createGuest(uvm, this.diagnostics.traffic), warn },
      this.#limits.vm,
    );
    this.#vm = vm;
    return vm;
  }

  async #start(vm: VmController, signal: AbortSignal): Promise<void> {
    const abandon = (): void => void vm.terminate().catch((cause) => this.#ports.warn("its end failed", cause));
    signal.addEventListener("abort", abandon, { once: true });
    try {
      signal.throwIfAborted();
      await vm.create();
      await vm.start();
    } finally {
      signal.removeEventListener("abort", abandon);
    }
    // A VM that ends under its user leaves nothing to drive.
    void vm.wait().then((exit) => this.#end(exit));
  }

  #end(exit: VMExit): void {
    const moved =
      this.#machine.transition("ended", { name: "stopped" }) ||
      this.#machine.transition("stopped", { name: "stopped" });
    if (!moved && !this.#machine.is("stopped")) return;
    this.diagnostics.close();
    this.#stopped.resolve(exit);
  }

  /** Its VM, whatever it does. */
  #running(verb: string): VmController {
    this.#machine.guard("use", verb);
    if (this.#vm === undefined) throw unavailable(`uvm ${this.#options.id} has no VM; cannot ${verb}`);
    return this.#vm;
  }

  #host(verb: string): DeviceHolder {
    return this.#holder(this.#running(verb).host(verb));
  }

  #holder(host: VmHost): DeviceHolder {
    this.#devices ??= vmDevices(host);
    return { ...host, devices: this.#devices };
  }
}
