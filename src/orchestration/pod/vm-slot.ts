import { failedPrecondition } from "../../errors/shim-error.ts";
import type { LinuxGuest } from "../../guestmanager/create-guest.ts";
import type { VmConsole } from "../../vmmanager/console.ts";
import type { CallOptions, VMExit } from "../../vmmanager/lifetime.ts";
import type { UvmStatistics } from "../../vmmanager/properties.ts";
import type { UvmSizing } from "../../vmmanager/sizing.ts";
import type { UvmOptions } from "../../vmmanager/uvm.ts";
import type { SavedDevices, VmDevices, vmDevices } from "../device/devices.ts";
import { noDevices } from "../device/none.ts";
import type { ReportLine } from "../report.ts";
import { VmController } from "../vm/controller.ts";
import type { VmHost, VmLimits, VmPorts } from "../vm/ports.ts";
import { tellResumed } from "../vm/resumed.ts";
import type { SavedSize, VmSize } from "../vm/size.ts";

/** The running VM with what is held in it. */
export interface PodVm extends VmHost {
  readonly devices: VmDevices;
}

interface SlotPorts extends VmPorts {
  /** False for a guest that is this host. */
  readonly hasDevices: boolean;
}

/**
 * The pod's one VM, there while somebody needs it: booted once for all who ask at the same time, ended when the last
 * container is gone, booted anew for the next.
 */
export class VmSlot {
  readonly #ports: SlotPorts;
  readonly #limits: VmLimits;
  readonly #onEnd: (exit: VMExit) => void;
  readonly #released: () => Promise<void>;
  #vm: VmController | undefined;
  #boot: Promise<void> | undefined;
  /** Loaded with the first VM that has any. */
  #makeDevices: typeof vmDevices | undefined;
  #devices: VmDevices | undefined;
  #size: VmSize | undefined;
  #ending: Promise<void> | undefined;
  /** Those whose end failed; tried again with each release. */
  #unreleased: VmController[] = [];

  /** `onEnd`: the VM ended while it was in use. `released`: part of each release, after the VM's end; never rejects. */
  constructor(ports: SlotPorts, limits: VmLimits, onEnd: (exit: VMExit) => void, released: () => Promise<void>) {
    this.#ports = ports;
    this.#limits = limits;
    this.#onEnd = onEnd;
    this.#released = released;
  }

  /** The running VM, booted with the options if there is none. Throws failed-precondition where it has ended but is still held. */
  async ready(options: () => UvmOptions): Promise<PodVm> {
    await this.#ending;
    this.#boot ??= this.#start(options());
    await this.#boot;
    if (this.#vm === undefined) return this.ready(options);
    return this.running("create a container in it");
  }

  /** Makes it of a saved one. `claim` takes what of it is taken, before it goes on. failed-precondition where one is there. */
  async restore(
    options: UvmOptions,
    make: VmPorts["createUvm"],
    saved: SavedDevices,
    claim: (vm: PodVm) => Promise<void>,
    claims?: SavedSize["claims"],
  ): Promise<void> {
    await this.#ending;
    if (this.#boot !== undefined)
      throw failedPrecondition("the pod has a vm already; cannot restore one: use a new pod");
    const startUvm = async (host: VmHost, call: { signal: AbortSignal }): Promise<void> => {
      this.#devices = this.#makeDevices?.(host, undefined, saved);
      await claim(this.#withDevices(host));
      await host.uvm.resume(call);
    };
    this.#boot = this.#start(options, { ...this.#ports, createUvm: make, startUvm }, claims);
    await this.#boot;
    const host = this.#vm?.host("restore it");
    if (host)
      await tellResumed(host.guest, this.#limits.pause).catch((cause) =>
        this.#ports.warn("the guest's clock was not set", cause),
      );
  }

  /** Throws failed-precondition where none runs. */
  get savable(): boolean {
    return this.#vm?.host("save").uvm.supported("lifetime", "save") ?? false;
  }

  /** See VmController.save. Throws failed-precondition where none runs. */
  async save(write: (vm: PodVm, call: { signal: AbortSignal }) => Promise<void>): Promise<void> {
    await this.#need("save it").save((host, call) => write(this.#withDevices(host), call));
  }

  /** The running one. Throws failed-precondition in any other state. */
  running(verb: string): PodVm {
    return this.#withDevices(this.#need(verb).host(verb));
  }

  /** Undefined where the VM has none to show. Throws failed-precondition where there is no VM. */
  get console(): VmConsole | undefined {
    return this.#need("show its console").console;
  }

  get pausable(): boolean {
    return this.#vm?.state === "running" && this.#vm.host("pause it").uvm.supported("lifetime", "pause");
  }

  get paused(): boolean {
    return this.#vm?.state === "paused";
  }

  /** Undefined where the stack tells none. Throws failed-precondition where none runs. */
  async statistics(call: CallOptions): Promise<UvmStatistics | undefined> {
    const { uvm } = this.#need("tell its statistics").host("tell its statistics");
    return uvm.supported("statistics", "read") ? uvm.statistics(call) : undefined;
  }

  async pause(): Promise<void> {
    await this.#vm?.pause();
  }

  /** Undefined where nobody has said it. */
  get size(): SavedSize | undefined {
    return this.#size?.save();
  }

  /** Grows it for a container's limits beside the others'; see VmSize. */
  async fit(...limits: Parameters<VmSize["fit"]>): Promise<void> {
    await this.#size?.fit(...limits);
  }

  /** The same for one that is to be created. That the VM did not grow is told: a limit is no promise. */
  async makeRoom(id: string, resources: object | undefined): Promise<void> {
    await this.fit(id, resources ?? {}).catch((cause) => this.#ports.warn(`container ${id} has less room`, cause));
  }

  forget(id: string): void {
    this.#size?.forget(id);
  }

  async resume(): Promise<void> {
    await this.#vm?.resume();
  }

  /** Ends the VM; bounded. Callers that wait for a boot see it fail. */
  async release(): Promise<void> {
    const vm = this.#vm;
    const { scsi, plan9 } = this.#devices ?? {};
    // Where everything was given back the guest has nothing left to write.
    const graceful = (scsi?.held ?? 0) + (plan9?.held ?? 0) > 0;
    this.#vm = undefined;
    this.#boot = undefined;
    this.#devices = undefined;
    this.#size = undefined;
    const all = [...this.#unreleased, ...(vm ? [vm] : [])];
    this.#unreleased = [];
    const before = this.#ending;
    const ending = Promise.all([before, ...all.map((each) => this.#end(each, graceful && each === vm))]).then(
      async () => {
        await this.#released();
        if (this.#ending === ending) this.#ending = undefined;
      },
    );
    this.#ending = ending;
    await ending;
  }

  report(): ReportLine {
    const { ending } = this;
    return { what: "vm", fields: { state: this.#vm?.state ?? "none", ending, leaked: this.#unreleased.length } };
  }

  /** Undefined while no VM runs. */
  get guest(): LinuxGuest | undefined {
    return this.#vm?.state === "running" ? this.#vm.guest("ask it") : undefined;
  }

  get ending(): boolean {
    return this.#ending !== undefined;
  }

  /** Ends the VM but keeps it: those who hold it learn of its end. */
  async terminate(): Promise<void> {
    await this.#vm?.terminate();
  }

  #withDevices(host: VmHost): PodVm {
    this.#devices ??= this.#makeDevices?.(host);
    return { ...host, devices: this.#devices ?? noDevices };
  }

  #need(verb: string): VmController {
    if (this.#vm === undefined) throw failedPrecondition(`the pod has no vm; cannot ${verb}: create a container first`);
    return this.#vm;
  }

  async #start(options: UvmOptions, ports: VmPorts = this.#ports, claims?: SavedSize["claims"]): Promise<void> {
    const createUvm: VmPorts["createUvm"] = async (...request) => {
      // Before it is there: whoever has a running one waits for nothing.
      if (this.#ports.hasDevices) this.#makeDevices = (await import("../device/devices.ts")).vmDevices;
      return await ports.createUvm(...request);
    };
    const vm = new VmController(options, { ...ports, createUvm }, this.#limits);
    this.#vm = vm;
    try {
      await vm.create();
      await vm.start();
    } catch (cause) {
      // Only if it is still ours: a release under way ends it itself.
      if (this.#vm === vm) await this.release();
      throw cause;
    }
    if (options.sizing) await this.#measure(vm, options.sizing, claims);
    void vm.wait().then((exit) => {
      if (this.#vm !== vm) return;
      this.#ports.warn(`vm ${vm.id} ended under its containers`, exit.error);
      this.#onEnd(exit);
    });
  }

  async #measure(vm: VmController, sizing: UvmSizing, claims: SavedSize["claims"] | undefined): Promise<void> {
    const { VmSize } = await import("../vm/size.ts");
    if (this.#vm !== vm || vm.state !== "running") return;
    const limit = this.#limits.growth;
    this.#size = new VmSize({ ...vm.host("size it"), limit, warn: this.#ports.warn }, sizing, claims);
  }

  async #end(vm: VmController, graceful: boolean): Promise<void> {
    try {
      await vm.terminate({ graceful });
    } catch (cause) {
      this.#unreleased.push(vm);
      this.#ports.warn(`vm ${vm.id} is leaked until its next termination`, cause);
    }
  }
}
