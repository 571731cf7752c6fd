// Length: the RPCs of one pod share its members, its VM and its rest.

import {
  alreadyExists,
  failedPrecondition,
  invalidArgument,
  notFound,
  ShimError,
  unavailable,
  unimplemented,
} from "../../errors/shim-error.ts";
import { unlessAborted } from "../../errors/unless-aborted.ts";
import type { ArchiveRequest, ContainerStatistics, GuestArchive } from "../../guestmanager/guest.ts";
import type { Spec } from "../../oci/spec.ts";
import type { VMExit } from "../../vmmanager/lifetime.ts";
import type { UvmStatistics } from "../../vmmanager/properties.ts";
import type { UtilityVM, UvmOptions } from "../../vmmanager/uvm.ts";
import { checkId } from "../check-id.ts";
import { type BootHint, ContainerController } from "../container/controller.ts";
import { HostHooks } from "../container/host-hooks.ts";
import type { ContainerVm } from "../container/ports.ts";
import { unknownExit } from "../container/queries.ts";
import { isWindows, windowsGuestVm } from "../container/windows/guest.ts";
import { within } from "../deadline.ts";
import { DiagnosticsController } from "../diagnostics/controller.ts";
import type { PodNetworking } from "../network/pod-network.ts";
import type { ReportLine } from "../report.ts";
import type { HeldSandbox } from "../sandbox/held.ts";
import type { CreateSandbox, SandboxPod } from "../sandbox/ports.ts";
import type {
  CheckpointTask,
  CreateTask,
  ExecTask,
  ProcessRef,
  ProcessState,
  RpcOptions,
  RuntimeOptions,
  TaskStatistics,
  Tasks,
} from "../tasks.ts";
import { ContainerKill } from "./kill.ts";
import { type End, type Member, Members } from "./members.ts";
import { type PodLimits, type PodOptions, podLimits, type RestoreOptions } from "./ports.ts";
import { checkRestorable } from "./restorable.ts";
import type { savePod } from "./save.ts";
import { uvmOptions } from "./uvm-options.ts";
import { VmRest } from "./vm-rest.ts";
import { type PodVm, VmSlot } from "./vm-slot.ts";

const SIGKILL = 9;
const SIGNAL_MAX = 64;

/**
 * One pod: one VM and the containers in it. An RPC's signal ends its waiting; what it began goes on, but for a create,
 * which is taken back.
 */
export class PodController implements Tasks, SandboxPod {
  readonly diagnostics: DiagnosticsController;
  readonly #options: PodOptions;
  readonly #limits: PodLimits;
  readonly #members = new Members();
  readonly #vm: VmSlot;
  readonly #rest: VmRest;
  readonly #kill: ContainerKill;
  readonly #network: PodNetworking<PodVm> | undefined;
  /** Of the sandbox that keeps the VM. */
  #sandbox: HeldSandbox | undefined;
  #sandboxEnded = false;

  constructor(options: PodOptions) {
    this.#options = options;
    this.#limits = { ...podLimits, ...options.limits };
    const ports = {
      createUvm: (uvm: UvmOptions, call: { signal: AbortSignal }) => options.stack.create(uvm, call),
      createGuest: (uvm: UtilityVM) => options.createGuest(uvm, this.diagnostics.traffic),
      warn: options.ports.warn,
      hasDevices: options.stack.name !== "local",
    };
    const { id, stateDirectory } = options;
    this.diagnostics = new DiagnosticsController({
      ...{ id, namespace: options.namespace, stack: options.stack.name, ports: options.ports },
      vm: (verb) => this.#vm.running(verb),
      console: () => this.#vm.console,
      awake: (work) => this.#rest.during(work),
      tasks: () => this.#members.containers().map((container) => container.diagnose()),
    });
    const { warn } = options.ports;
    this.#network = options.network?.({ podId: id, stateDirectory, warn });
    this.#vm = new VmSlot(
      ports,
      this.#limits.vm,
      (exit) => this.#lost(exit),
      async () => this.#network?.close(),
    );
    this.#rest = new VmRest(this.#vm, () => this.#vm.pausable && this.#members.allPaused(), warn);
    const { kill, container } = this.#limits;
    const awake = <T>(work: () => Promise<T>): Promise<T> => this.#rest.during(work);
    this.#kill = new ContainerKill({ vm: this.#vm, awake, warn }, { kill, settle: container.settle });
  }

  /**
   * A pod from what `save` wrote, in a VM of its own, running: its containers and processes are where they were, their
   * stdio goes on without a byte lost or doubled, and exits that were not told are told. On failure nothing is left.
   */
  static async restore(options: PodOptions, saved: RestoreOptions, { signal }: RpcOptions): Promise<PodController> {
    const { readSavedPod } = await import("./saved.ts");
    const { restorePod } = await import("./save.ts");
    const document = await readSavedPod(saved.directory);
    const pod = new PodController(options);
    const take = (container: ContainerController, initPid: number): void => {
      const created = Promise.resolve(initPid);
      pod.#members.set(container.id, { container, cancel: new AbortController(), created });
    };
    const guestPid = (id: string) => pod.#members.get(id)?.container.guestPid;
    const made = { ...options, containerLimits: pod.#limits.container, guestPid };
    const work = restorePod(pod.#vm, document, saved, made, take).catch(async (cause) => {
      await pod.#vm.release();
      for (const container of pod.#members.containers()) await container.abandon();
      pod.#members.clear();
      throw ShimError.from(cause, "internal");
    });
    await unlessAborted(work, signal);
    return pod;
  }

  /**
   * Writes the whole pod, VM and all, into the directory (exists, empty), and then lets it go on or ends it: its containers
   * count as lost then. A failed save lets it go on. Unimplemented where the stack can't; failed-precondition for one that
   * is just changing, or has what can't be saved. `more`: what else is to be written with it.
   */
  async save(
    directory: string,
    then: "resume" | "terminate",
    { signal }: RpcOptions,
    more?: Parameters<typeof savePod>[5],
  ): Promise<void> {
    const containers = this.#members.containers();
    const parts = this.#options.savedParts ?? {};
    this.#network?.checkSave();
    const write = async (): Promise<void> => {
      const { savePod } = await import("./save.ts");
      await savePod(this.#vm, containers, parts, directory, then, more);
    };
    await this.#awake(write, signal);
  }

  async create(request: CreateTask, { signal }: RpcOptions): Promise<{ pid: number }> {
    checkId("container", request.id);
    if (this.#options.leaving?.()) throw unavailable(`the shim is leaving; cannot create container ${request.id}`);
    if (this.#sandboxEnded) throw failedPrecondition(`the sandbox has ended; cannot create container ${request.id}`);
    const { stack } = this.#options;
    if (this.#members.has(request.id)) throw alreadyExists(`container ${request.id} already exists`);
    if (request.checkpoint !== "") checkRestorable(request.id, stack, !this.#needed());
    const { namespace, stateDirectory } = this.#options;
    const { ports } = this.#sandbox ?? this.#options;
    const container = new ContainerController({
      request,
      namespace,
      stateDirectory,
      ports,
      limits: this.#limits.container,
      inVm: stack.name !== "local",
      guestPid: (id) => this.#members.get(id)?.container.guestPid,
    });
    const cancel = new AbortController();
    const abort = (): void => cancel.abort(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    const work = this.#rest.during(() => this.#create(container, request, cancel.signal));
    const created = work.finally(() => signal.removeEventListener("abort", abort));
    this.#members.set(request.id, { container, cancel, created });
    return { pid: await unlessAborted(created, signal) };
  }

  async hold(request: CreateSandbox, onLost: () => void): Promise<{ pid: number }> {
    const { HeldSandbox } = await import("../sandbox/held.ts");
    const sandbox = new HeldSandbox(request, this.#options.ports, onLost);
    this.#sandbox = sandbox;
    const vm = await this.#vm.ready(() => this.#uvmOptions(undefined, sandbox.spec()));
    await sandbox.start(vm, this.#limits.container.request);
    // Without a VM the sandbox is this daemon, in this host's namespaces.
    return { pid: vm.uvm.hostPid(0) || process.pid };
  }

  async metrics({ signal }: RpcOptions): Promise<ContainerStatistics> {
    const sandbox = this.#sandbox;
    if (sandbox === undefined) throw failedPrecondition("no sandbox keeps the pod; cannot measure it");
    return this.#awake(() => sandbox.metrics(this.#members.containers(), { signal }), signal);
  }

  async letGo(): Promise<void> {
    this.#sandbox = undefined;
    this.#sandboxEnded = true;
    await this.close();
  }

  async start({ id, execId }: ProcessRef, { signal }: RpcOptions): Promise<{ pid: number }> {
    const container = this.#members.created(id);
    const work = () => (execId === "" ? this.#start(id, container) : container.startExec(execId));
    return { pid: await this.#awake(work, signal) };
  }

  state({ id, execId }: ProcessRef): ProcessState {
    return this.#members.created(id).processState(execId);
  }

  async delete(ref: ProcessRef, { signal }: RpcOptions): Promise<{ pid: number; exitStatus: number; exitedAt: Date }> {
    const member = this.#members.known(ref.id);
    const work = () => (ref.execId === "" ? this.#delete(ref.id, member) : member.container.deleteExec(ref.execId));
    const { pid, exit } = await this.#awake(work, signal);
    return { pid, exitStatus: exit.status, exitedAt: exit.at };
  }

  async pids(id: string, { signal }: RpcOptions): Promise<readonly { pid: number; execId?: string }[]> {
    const container = this.#members.created(id);
    return this.#awake(() => container.pids(), signal);
  }

  async pause(id: string, { signal }: RpcOptions): Promise<void> {
    const container = this.#members.created(id);
    const paused = this.#rest.during(() => container.pause()).then(() => this.#rest.settled());
    await unlessAborted(paused, signal);
  }

  async resume(id: string, { signal }: RpcOptions): Promise<void> {
    const container = this.#members.created(id);
    await this.#awake(() => container.resume(), signal);
  }

  /** The whole pod's save: containerd names one container, so it has to be the only one. */
  async checkpoint(id: string, { path, exit }: CheckpointTask, { signal }: RpcOptions): Promise<void> {
    const container = this.#members.created(id);
    const refusal = `container ${id} is ${container.state}; cannot checkpoint`;
    if (this.#members.size > 1) {
      throw unimplemented(`${refusal} it alone: its vm holds ${this.#members.size} containers; save the pod`);
    }
    if (this.#sandbox !== undefined) {
      throw unimplemented(`${refusal}: it shares its vm with a sandbox, which no create could restore; run it without`);
    }
    // containerd's client pauses the container first, and its VM rests then.
    const save = async (): Promise<void> => {
      if (!this.#vm.savable) throw unimplemented(`${refusal}: stack ${this.#options.stack.name} cannot save its vm`);
      const { checkpointContainer } = await import("./checkpoint.ts");
      // What these refuse is refused before anything stands still.
      this.#network?.checkSave();
      this.#vm.running("checkpoint it").devices.save();
      const then = exit ? "terminate" : "resume";
      const { warn } = this.#options.ports;
      await checkpointContainer(
        container,
        path,
        (more) => this.save(path, then, { signal: new AbortController().signal }, more),
        { exit, warn },
      );
    };
    await this.#awake(save, signal);
    this.#options.ports.events.publish({ topic: "/tasks/checkpointed", containerId: id, checkpoint: path });
  }

  async kill({ id, execId }: ProcessRef, signal: number, all: boolean, options: RpcOptions): Promise<void> {
    const container = this.#members.created(id);
    if (!Number.isInteger(signal) || signal < 0 || signal > SIGNAL_MAX) {
      throw invalidArgument(`container ${id}: ${signal} is not a signal; cannot kill`);
    }
    await unlessAborted(this.#kill.kill(container, execId, signal, all), options.signal);
  }

  async exec(request: ExecTask): Promise<void> {
    const container = this.#members.created(request.id);
    checkId("exec", request.execId);
    container.exec(request);
  }

  async resizePty({ id, execId }: ProcessRef, columns: number, rows: number, { signal }: RpcOptions): Promise<void> {
    const container = this.#members.created(id);
    await this.#awake(() => container.resizePty(execId, columns, rows), signal);
  }

  async closeIO({ id, execId }: ProcessRef): Promise<void> {
    this.#members.created(id).closeIO(execId);
  }

  async update(
    id: string,
    resources: object,
    annotations: Readonly<Record<string, string>>,
    { signal, os = "linux" }: Parameters<Tasks["update"]>[3],
  ): Promise<void> {
    const container = this.#members.created(id);
    const makeRoom = async () => (os === "linux" ? this.#vm.fit(id, resources, annotations) : undefined);
    await this.#awake(() => container.update(os, resources, makeRoom), signal);
  }

  async wait({ id, execId }: ProcessRef, { signal }: RpcOptions): Promise<{ exitStatus: number; exitedAt: Date }> {
    const { status, at } = await this.#members.created(id).wait(execId, { signal });
    return { exitStatus: status, exitedAt: at };
  }

  async stats(id: string, { signal }: RpcOptions): Promise<TaskStatistics> {
    const container = this.#members.created(id);
    return this.#awake(() => container.stats(), signal);
  }

  async vmStatistics(id: string, { signal }: RpcOptions): Promise<UvmStatistics | undefined> {
    this.#members.created(id);
    return id === this.#options.id ? this.#awake(() => this.#vm.statistics({ signal }), signal) : undefined;
  }

  /** Runs `use` on a copying that has begun; a VM that rests is awake meanwhile. */
  archive(id: string, request: ArchiveRequest, use: (archive: GuestArchive) => Promise<void>): Promise<void> {
    const container = this.#members.created(id);
    return this.#rest.during(async () => use(await container.archive(request)));
  }

  connect(id: string): { taskPid: number } {
    return { taskPid: this.#members.get(id)?.container.pid ?? 0 };
  }

  /** The pod, its VM, and each container with its processes, as they are now. */
  report(): ReportLine[] {
    const pod: ReportLine = { what: "pod", fields: { containers: this.#members.size } };
    return [pod, this.#vm.report(), ...this.#members.containers().flatMap((container) => container.report())];
  }

  /** What the guest tells about its own processes; undefined where none runs, or none that can. */
  async guestStacks({ signal }: RpcOptions): Promise<string | undefined> {
    const { guest } = this.#vm;
    if (guest === undefined || !guest.capabilities().dumpStacksSupported) return undefined;
    return await unlessAborted(guest.dumpStacks({ signal }), signal);
  }

  busy(): boolean {
    return this.#needed() || this.#vm.ending;
  }

  /**
   * Ends all that is left, for a daemon that has to go: kills each container and takes it away; what cannot be ended
   * like that goes with the VM. Never rejects; what is not done when the signal aborts goes on unwatched.
   */
  async close(options: Partial<RpcOptions> = {}): Promise<void> {
    const { warn } = this.#options.ports;
    const step = async (what: string, work: Promise<unknown>): Promise<void> => {
      await unlessAborted(work, options.signal).catch((cause) => warn(what, cause));
    };
    for (const { cancel } of this.#members.values()) cancel.abort(unavailable("the pod is being closed"));
    const killed = Promise.allSettled([...this.#members].map(([id, member]) => this.#end(id, member)));
    await step("pod", within(killed, this.#limits.close, "end of the pod's containers"));
    if (this.#members.size > 0) {
      await step("the vm was not terminated", this.#vm.terminate());
      for (const container of this.#members.containers()) container.lose();
      const gone = Promise.allSettled([...this.#members].map(([id, member]) => this.#end(id, member)));
      await step("pod", within(gone, this.#limits.close, "release of the pod's containers"));
    }
    await step("the vm was not released", this.#vm.release());
  }

  async #end(id: string, member: Member): Promise<void> {
    const { container, created } = member;
    await created.catch(() => {});
    if (this.#members.get(id) !== member) return;
    await this.#rest.during(async () => {
      await container.kill("", SIGKILL, true).catch(() => {});
      await container.wait("", {});
      await this.#delete(id, member);
    });
  }

  async #create(container: ContainerController, request: CreateTask, signal: AbortSignal): Promise<number> {
    try {
      if (request.checkpoint === "") {
        return await container.create((spec, hint) => this.#vmFor(request, spec, hint), signal);
      }
      const uvm = (spec: Spec): UvmOptions => this.#uvmOptions(request.options, spec);
      const { restoreContainer } = await import("./restore-container.ts");
      return await restoreContainer(container, request, { ...this.#options, vm: this.#vm, uvm }, signal);
    } catch (cause) {
      await this.#remove(container.id);
      throw cause;
    }
  }

  /** The running VM, with the network that this spec asks for. */
  async #vmFor({ id, bundle, options, rootfs }: CreateTask, spec: Spec, hint: BootHint): Promise<ContainerVm> {
    const boots = isWindows(spec) ? await windowsBootSpec(spec, rootfs) : spec;
    const vm = await this.#vm.ready(() => ({ ...this.#uvmOptions(options, boots), ...hint }));
    await this.#vm.makeRoom(id, spec.linux?.resources);
    const { host, ports } = this.#options;
    if (host === undefined) return this.#joined({ ...vm, ...windowsGuestVm(vm, this.#options.windows) }, spec);
    const { runHook: run, account } = host;
    const hooks = new HostHooks({ id, bundle, spec, run, warn: ports.warn, ...(account && { account }) });
    const member = this.#members.get(id);
    // Its create was cancelled while the VM booted: nobody would take back what its hooks do.
    if (member === undefined) throw unavailable(`container ${id} is not created any more; cannot run its hooks`);
    member.hooks = hooks;
    await hooks.creating(vm.uvm.hostPid(0));
    return this.#joined(vm, spec);
  }

  async #joined(vm: PodVm, spec: Spec): Promise<ContainerVm> {
    const networkNamespaceId = await this.#network?.join(vm, spec);
    return { ...vm, ...(networkNamespaceId !== undefined && { networkNamespaceId }) };
  }

  async #start(id: string, container: ContainerController): Promise<number> {
    const pid = await container.start();
    await this.#members.get(id)?.hooks?.started(pid);
    return pid;
  }

  /** One at a time: a second delete finds it gone, or tries again what the first could not do. */
  #delete(id: string, member: Member): Promise<End> {
    const before = member.deleting?.catch(() => {}) ?? Promise.resolve();
    const work = before.then(() => this.#deleteNow(id, member));
    member.deleting = work;
    return work;
  }

  async #deleteNow(id: string, member: Member): Promise<End> {
    if (this.#members.get(id) !== member) throw notFound(`container ${id} is deleted`);
    if (member.container.state === "creating") {
      member.cancel.abort();
      const pid = await member.created.catch(() => undefined);
      if (pid === undefined) return { pid: 0, exit: unknownExit() };
    }
    const end = await member.container.delete();
    await this.#remove(id);
    return end;
  }

  /** The last one takes the VM with it, so that a Shutdown finds nothing held. */
  async #remove(id: string): Promise<void> {
    const hooks = this.#members.get(id)?.hooks;
    this.#members.delete(id);
    this.#vm.forget(id);
    if (!this.#needed()) await this.#vm.release();
    await hooks?.deleted();
    if (!this.#needed()) this.#options.onIdle?.();
  }

  #needed(): boolean {
    return this.#members.size > 0 || this.#sandbox !== undefined;
  }

  /** Asks something of the guest, for a caller that may leave. */
  #awake<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return unlessAborted(this.#rest.during(work), signal);
  }

  #lost(exit: VMExit): void {
    this.#sandbox?.onLost();
    for (const container of this.#members.containers()) container.lose(exit);
  }

  #uvmOptions(options: RuntimeOptions | undefined, spec: Spec): UvmOptions {
    return uvmOptions(this.#options, options, spec, this.#network?.open(spec));
  }
}

async function windowsBootSpec(spec: Spec, rootfs: CreateTask["rootfs"]): Promise<Spec> {
  const { bootSpec } = await import("../container/windows/container.ts");
  return bootSpec(spec, rootfs);
}
