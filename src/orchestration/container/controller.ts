// Length: the calls of one resource share its state, its init and its release list.
import { join } from "node:path";
import { pod } from "../../config/annotations/pod.ts";
import { invalidArgument, notFound, ShimError, unimplemented } from "../../errors/shim-error.ts";
import { unlessAborted } from "../../errors/unless-aborted.ts";
import { failpoint } from "../../failpoint/failpoint.ts";
import type {
  ArchiveRequest,
  ContainerStatistics,
  CreateContainerOptions,
  GuestArchive,
  GuestContainer,
  GuestOs,
} from "../../guestmanager/guest.ts";
import type { Spec } from "../../oci/spec.ts";
import type { VMExit } from "../../vmmanager/lifetime.ts";
import { within } from "../deadline.ts";
import { ProcessController } from "../process/controller.ts";
import type { Launch, ProcessHooks } from "../process/ports.ts";
import type { RestoredStreams, SavedProcess } from "../process/saved.ts";
import type { ProcessExit } from "../process/state.ts";
import { isGone, ReleaseList } from "../release-list.ts";
import type { ReportLine } from "../report.ts";
import { Machine } from "../state-table.ts";
import type { CreateTask, ExecTask, ProcessState } from "../tasks.ts";
import { sharesPids } from "./document.ts";
import { Execs } from "./execs.ts";
import { guestProcess } from "./guest-spec.ts";
import type { Holding } from "./holding.ts";
import { mountOnHost } from "./mount-on-host.ts";
import type { ContainerLimits, ContainerPorts, ContainerVm } from "./ports.ts";
import { describeProcess, listPids, reportContainer, UNKNOWN_STATUS, unknownExit } from "./queries.ts";
import type { SavedContainer } from "./saved.ts";
import { type ContainerState, containerStates, type InGuest, stepsTo } from "./state.ts";
import { execStatus, initStatus } from "./status.ts";
import type { StoragePlan } from "./storage.ts";
import type { WindowsPlan } from "./windows/container.ts";
import { isWindows, refuseLinux } from "./windows/guest.ts";

/** Loaded late: where the guest sees this host's files, nothing is brought into it. */
const storage = () => import("./storage.ts");
const windowsContainer = () => import("./windows/container.ts");
const holding = () => import("./holding.ts");

export interface ContainerOptions {
  readonly request: CreateTask;
  readonly namespace: string;
  /** Its `containers/<id>` becomes the guest's own bundle. */
  readonly stateDirectory: string;
  readonly ports: ContainerPorts;
  readonly limits: ContainerLimits;
  /** The stack's guest does not see this host's files: everything is brought into the VM. */
  readonly inVm?: boolean;
  /** The guest's pid of the init of another container of the pod, by its id. */
  readonly guestPid?: (id: string) => number | undefined;
}

/** What a container's VM has to be able to do, where it is still to be made. */
export interface BootHint {
  readonly shares?: boolean;
}

type Boot = (spec: Spec, hint: BootHint) => Promise<ContainerVm>;

type StdioRequest = Pick<CreateTask, "terminal" | "stdin" | "stdout" | "stderr">;

const SIGKILL = 9;

/** One container: its root file system, its place in the guest, its init and its execs. */
export class ContainerController {
  readonly id: string;
  readonly #options: ContainerOptions;
  readonly #machine: Machine<typeof containerStates, ContainerState>;
  readonly #held = new ReleaseList<Holding>();
  readonly #execs: Execs;
  #init: ProcessController | undefined;
  #sharesPids = false;
  #lostToOom = false;
  #oomUntold = false;
  /** In the guest: another one where it comes of another's checkpoint. */
  #guestId: string;
  /** Of a Windows container: its guest is told at the start what to run. */
  #initProcess: object = {};
  /** How it starts, where it comes of a checkpoint. */
  #thaw: Launch | undefined;
  /** While it is being restored. */
  #untold: Parameters<ContainerPorts["events"]["publish"]>[0][] | undefined;

  constructor(options: ContainerOptions) {
    this.id = options.request.id;
    this.#guestId = this.id;
    this.#options = options;
    this.#execs = new Execs(this.id);
    this.#machine = new Machine<typeof containerStates, ContainerState>(containerStates, this.id, { name: "creating" });
  }

  get state(): ContainerState["name"] {
    return this.#machine.state.name;
  }

  /**
   * Makes it in the guest. `boot` brings the VM, made for this spec where there is none yet; `signal` cancels at the next step. Whatever fails, nothing is left of
   * it: rejects only after the roll-back.
   */
  async create(boot: Boot, signal: AbortSignal): Promise<number> {
    try {
      return await this.#create(boot, signal);
    } catch (cause) {
      await this.#held.run().catch((leak) => this.#warn("its failed create left something behind", leak));
      this.#machine.transition("createFailed", { name: "deleted" });
      throw ShimError.from(cause, "internal");
    }
  }

  async start(): Promise<number> {
    const { vm, guest, init } = this.#live("start");
    this.#machine.begin("start", { name: "starting", vm, guest });
    try {
      return vm.uvm.hostPid(
        await init.start(this.#thaw ?? ((settings) => guest.startInit({ ...settings, ...this.#initProcess }))),
      );
    } catch (cause) {
      this.#machine.transition("startFailed", { name: "created", vm, guest });
      throw cause;
    }
  }

  exec(request: ExecTask): void {
    const { vm } = this.#live("exec");
    this.#machine.guard("exec");
    const { execId } = request;
    const process = this.#execProcess(execId, request, vm);
    const document = this.#options.inVm ? guestProcess(request.process, this.#leavesOut()) : request.process;
    this.#execs.add({ process, document });
    this.#publish({ topic: "/tasks/exec-added", containerId: this.id, execId });
  }

  async startExec(execId: string): Promise<number> {
    const { vm, guest } = this.#live("start an exec");
    const { process, document } = this.#execs.get(execId);
    this.#machine.guard("startExec", `start exec ${execId}`);
    if (process.state.name === "created") this.#execs.owe(process);
    try {
      return vm.uvm.hostPid(await process.start((settings) => guest.exec({ ociProcess: document, ...settings })));
    } catch (cause) {
      // A failed start owes no exit, or the init's would never be told.
      if (process.state.name === "created") this.#execs.paid(process);
      this.#tellOomUnlessStarting();
      throw cause;
    }
  }

  /** Signals the init (`all`: every process of the container) or one exec; 0 only asks. */
  async kill(execId: string, signal: number, all: boolean): Promise<void> {
    if (execId !== "") return this.#execs.get(execId).process.kill(signal);
    if (this.#machine.is("stopping", "stopped", "deleting", "deleted")) throw this.#finished();
    const { vm, guest, init } = this.#live("kill");
    this.#machine.guard("kill");
    if (signal === 0) return;
    const everyone = all && vm.guest.capabilities().signalAllSupported;
    const what = `signal ${signal} to container ${this.id}`;
    const delivered = await this.#ask(guest.signal(signal, everyone ? { all } : {}), what);
    if (all && !everyone) {
      await Promise.allSettled(this.#execs.owing().map((process) => process.kill(signal)));
    }
    if (!delivered) throw this.#finished();
    // A guest that tells no pid before the start tells no exit before it either.
    if (signal === SIGKILL && guest.initPid === 0 && init.state.name === "created") init.died(128 + signal);
  }

  async pause(): Promise<void> {
    const { vm, guest } = this.#live("pause");
    this.#machine.guard("pause");
    this.#needsFreezer(vm, "pause");
    this.#machine.begin("pause", { name: "pausing", vm, guest });
    try {
      // It counts as running, and nobody would thaw it.
      await this.#ask(guest.setFrozen(true), `pause of container ${this.id}`, () => guest.setFrozen(false));
    } catch (cause) {
      this.#machine.transition("pauseFailed", { name: "running", vm, guest });
      throw cause;
    }
    if (!this.#machine.transition("paused", { name: "paused", vm, guest })) throw this.#machine.refusal("pause");
    this.#publish({ topic: "/tasks/paused", containerId: this.id });
  }

  async resume(): Promise<void> {
    const { vm, guest } = this.#live("resume");
    this.#machine.begin("resume", { name: "resuming", vm, guest });
    try {
      await this.#ask(guest.setFrozen(false), `resume of container ${this.id}`, () => this.#resumed(vm, guest));
    } catch (cause) {
      this.#machine.transition("resumeFailed", { name: "paused", vm, guest });
      throw cause;
    }
    if (!this.#resumed(vm, guest)) throw this.#machine.refusal("resume");
  }

  /** Also when its caller was told that it is still paused: what runs cannot be resumed again. */
  #resumed(vm: ContainerVm, guest: GuestContainer): boolean {
    if (this.#machine.is("paused")) this.#machine.transition("resume", { name: "resuming", vm, guest });
    const resumed = this.#machine.transition("resumed", { name: "running", vm, guest });
    if (resumed) this.#publish({ topic: "/tasks/resumed", containerId: this.id });
    return resumed;
  }

  /** `makeRoom`: in the VM, before the limits are raised. */
  async update(os: GuestOs, resources: object, makeRoom: () => Promise<void> = async () => {}): Promise<void> {
    const { guest, vm } = this.#live("update");
    this.#machine.guard("update");
    const [own, given] = [vm.windows === undefined ? "Linux" : "Windows", os === "linux" ? "Linux" : "Windows"];
    if (own !== given) {
      throw invalidArgument(`container ${this.id} is a ${own} one; cannot update it with ${given}Resources`);
    }
    await makeRoom();
    await this.#ask(guest.updateResources(resources), `update of container ${this.id}`);
  }

  /** not-found once its init is dead: there is no cgroup to read. */
  async stats(): Promise<ContainerStatistics> {
    if (this.#machine.is("stopping", "stopped", "deleting", "deleted")) {
      throw notFound(`container ${this.id} is ${this.state}; cannot read its statistics: cgroup does not exist`);
    }
    const { guest } = this.#live("read its statistics");
    this.#machine.guard("stats", "read its statistics");
    return this.#ask(guest.statistics(), `statistics of container ${this.id}`);
  }

  /** Begins to copy a tar out of its root file system, or into it: from its create to its delete. */
  archive(request: ArchiveRequest): Promise<GuestArchive> {
    const { guest } = this.#live("copy files");
    if (this.#machine.is("deleting")) throw this.#machine.refusal("copy files");
    const begun = guest.archive(request);
    const asked = this.#ask(begun, `archive of container ${this.id}`);
    // One that comes too late has no user.
    asked.catch(() => begun.then(({ data }) => data.destroy()).catch(() => {}));
    return asked;
  }

  resizePty(execId: string, columns: number, rows: number): Promise<void> {
    return this.#find(execId, "resize its terminal").resize(columns, rows);
  }

  closeIO(execId: string): void {
    this.#find(execId, "close its stdin").closeInput();
  }

  wait(execId: string, options: { signal?: AbortSignal }): Promise<ProcessExit> {
    return this.#find(execId, "wait for it").wait(options);
  }

  processState(execId: string): ProcessState {
    const live = this.#live("tell its state");
    const process = this.#find(execId, "tell its state");
    const status =
      execId === "" ? initStatus(this.state, process.exit !== undefined) : execStatus(process.state.name, this.state);
    if (status === undefined) throw this.#machine.refusal("tell its state");
    return describeProcess(this.#options.request, execId, process, status, live);
  }

  /** The host pid of its init; 0 before it has one and after its deletion. */
  get pid(): number {
    const { state } = this.#machine;
    return "vm" in state && this.#init !== undefined ? state.vm.uvm.hostPid(this.#init.pid) : 0;
  }

  /** What a checkpoint carries on: as it was asked for, and what it holds in its VM. */
  get request(): CreateTask {
    return this.#options.request;
  }

  get holdings(): readonly Holding[] {
    return this.#held.saved;
  }

  /** Its init in the guest; undefined while there is none. */
  get guestPid(): number | undefined {
    const { state } = this.#machine;
    return "guest" in state && state.guest.initPid !== 0 ? state.guest.initPid : undefined;
  }

  /** Itself, then its processes. In any state. */
  report(): ReportLine[] {
    return reportContainer(this, this.#processes());
  }

  /** Its execs, with the process controller's states. In any state. */
  diagnose(): { id: string; execs: { id: string; state: string }[] } {
    return { id: this.id, execs: this.#execs.all().map(({ id, state }) => ({ id, state: state.name })) };
  }

  pids(): Promise<{ pid: number; execId?: string }[]> {
    const live = this.#live("list its pids");
    return listPids(live, live.init, this.#execs.all(), this.#options.limits.query);
  }

  /** Gives everything back; a failure may be tried again, and goes on where it stopped. Publishes the end. */
  async delete(): Promise<{ pid: number; exit: ProcessExit }> {
    if (this.#machine.is("deleted")) throw notFound(`container ${this.id} is deleted`);
    const { vm, guest, init } = this.#live("delete");
    // Its exit is about to be told; that comes first.
    if (this.#machine.is("stopping")) await init.wait();
    const unstarted = this.#machine.is("created");
    this.#machine.begin("delete", { name: "deleting", vm, guest });
    if (unstarted) {
      try {
        await this.#killUnstarted(guest, init);
      } catch (cause) {
        this.#machine.transition("deleteAborted", { name: "created", vm, guest });
        throw cause;
      }
    }
    try {
      await Promise.allSettled(this.#execs.all().map((exec) => exec.delete()));
      await this.#held.run();
    } catch (cause) {
      this.#machine.transition("deleteFailed", { name: "stopped", vm, guest });
      throw cause;
    }
    const end = { pid: vm.uvm.hostPid(init.pid), exit: init.exit ?? unknownExit() };
    this.#machine.transition("deleted", { name: "deleted" });
    this.#publishEnd("/tasks/delete", this.id, end.pid, end.exit);
    return end;
  }

  async deleteExec(execId: string): Promise<{ pid: number; exit: ProcessExit }> {
    const { vm } = this.#live("delete an exec");
    const { process } = this.#execs.get(execId);
    const { pid, exit } = await process.delete();
    this.#execs.remove(execId);
    const end = { pid: vm.uvm.hostPid(pid), exit: exit ?? unknownExit() };
    this.#publishEnd("/tasks/delete", execId, end.pid, end.exit);
    return end;
  }

  /** The VM or its guest is gone: every process is dead, the init is told last. */
  lose(exit?: Pick<VMExit, "outOfMemory">): void {
    const status = this.#lostStatus(exit);
    for (const exec of this.#execs.all()) exec.lose(status);
    this.#init?.lose(status);
  }

  /** What killed a VM for want of memory has killed its containers. */
  #lostStatus(exit?: Pick<VMExit, "outOfMemory">): number {
    if (!exit?.outOfMemory) return UNKNOWN_STATUS;
    if (!this.#lostToOom) this.#outOfMemory();
    this.#lostToOom = true;
    return 128 + SIGKILL;
  }

  /** Of a process whose guest cannot tell its end any more. */
  async #lost({ uvm }: ContainerVm): Promise<number> {
    const ended = uvm.wait({ signal: AbortSignal.timeout(this.#options.limits.request) });
    return this.#lostStatus(await ended.catch(() => undefined));
  }

  /** All its stdio stands still until `release`. failed-precondition in a state that cannot be saved. */
  hold(): void {
    if (!this.#machine.is("created", "running", "paused", "stopping", "stopped")) throw this.#machine.refusal("save");
    for (const process of this.#processes()) process.holdStdio();
  }

  release(): void {
    for (const process of this.#processes()) process.releaseStdio();
  }

  /** What is held of its output is written by nobody here. */
  dropOutput(): void {
    for (const process of this.#processes()) process.dropOutput();
  }

  /** Its restore is complete: what happened to it meanwhile is told. */
  restored(): void {
    const untold = this.#untold ?? [];
    this.#untold = undefined;
    for (const event of untold) this.#publish(event);
  }

  /** Gives up what it has on this host, for one whose restore failed: nothing of it is told. */
  async abandon(): Promise<void> {
    await Promise.all(this.#processes().map((process) => process.release()));
  }

  /** To be called while it is held and its VM stands still. */
  save(): SavedContainer {
    const { guest, init } = this.#live("save");
    const name = this.#machine.is("stopping") ? "running" : this.state;
    if (name !== "created" && name !== "running" && name !== "paused" && name !== "stopped") {
      throw this.#machine.refusal("save");
    }
    return {
      request: this.#options.request,
      state: name,
      guestId: this.#guestId,
      sharesPids: this.#sharesPids,
      initPid: guest.initPid,
      init: init.save(),
      execs: this.#execs.each().map(({ process, document }) => ({ process: process.save(), document })),
      holdings: this.#held.saved,
    };
  }

  /**
   * Takes over a saved one, maybe of another id, that its guest has frozen: it is created, and its start lets it go on.
   * Nothing is told before `restored`.
   */
  async createFrozen(saved: SavedContainer, vm: ContainerVm, streams: RestoredStreams): Promise<void> {
    const { guest, init, open } = this.#takeOver(saved, vm, streams, await holding());
    await this.#ask(init.open(), `opening the stdio of container ${this.id}`);
    const process = open(saved.init);
    init.restoreFrozen(saved.init, process.exitCode);
    this.#thaw = async () => {
      await guest.setFrozen(false);
      return process;
    };
    this.#created(vm, guest);
  }

  /** Goes on as the saved one, which is in this VM; nothing is told before `restored`. */
  async restore(saved: SavedContainer, vm: ContainerVm, streams: RestoredStreams): Promise<void> {
    const { guest, init, open } = this.#takeOver(saved, vm, streams, await holding());
    for (const [event, name] of stepsTo[saved.state]) this.#machine.transition(event, { name, vm, guest });
    guest.onOutOfMemory(() => this.#outOfMemory());
    const exitCode = saved.init.state === "created" && saved.initPid !== 0 ? guest.waitInit() : undefined;
    await init.restore(saved.init, { open: () => open(saved.init), exitCode });
    for (const { process: each, document } of saved.execs) {
      const process = this.#execProcess(each.id, each.stdio, vm);
      this.#execs.add({ process, document });
      if (each.state === "running") this.#execs.owe(process);
      await process.restore(each, { open: () => open(each) });
    }
  }

  /** What a saved one has in this VM, but for its state and its execs. */
  #takeOver(
    saved: SavedContainer,
    vm: ContainerVm,
    streams: RestoredStreams,
    { hold }: Awaited<ReturnType<typeof holding>>,
  ) {
    const { request, ports, limits } = this.#options;
    this.#sharesPids = saved.sharesPids;
    this.#untold = [];
    this.#guestId = saved.guestId ?? saved.request.id;
    const guest = vm.guest.openContainer(this.#guestId, { initPid: saved.initPid });
    const init = this.#process(this.id, request, vm, this.#initHooks(vm));
    this.#init = init;
    this.#held.add("stdio", () => init.release());
    const root = join(request.bundle, "rootfs");
    if (vm.uvm.guestPath(root) !== undefined && request.rootfs.length > 0) {
      this.#held.add("root file system", () => ports.rootfs.unmount(root));
    }
    for (const holding of saved.holdings) hold(holding, { vm, limits, held: this.#held });
    this.#held.add("container in the guest", () => this.#releaseGuest(vm));
    const open = ({ pid, streams: { ports } }: SavedProcess) =>
      vm.guest.openProcess(this.#guestId, pid, {
        ports,
        stdin: streams.take(ports.stdin),
        stdout: streams.take(ports.stdout),
        stderr: streams.take(ports.stderr),
      });
    return { guest, init, open };
  }

  async #create(boot: Boot, signal: AbortSignal): Promise<number> {
    const { request, ports, limits } = this.#options;
    const spec = ports.loadSpec(request.bundle);
    const windows = isWindows(spec);
    this.#sharesPids = !windows && sharesPids(spec);
    if (windows) this.#initProcess = { ociProcess: spec.process ?? {} };
    // Before the boot: a container that no VM can hold costs none.
    const { plan, hint } = this.#options.inVm ? await this.#plan(spec) : { plan: undefined, hint: {} };
    const vm = await unlessAborted(boot(spec, hint), signal);

    const init = this.#process(this.id, request, vm, this.#initHooks(vm));
    this.#init = init;
    this.#held.add("stdio", () => init.release());
    await within(init.open(), limits.process.open, `opening the stdio of container ${this.id}`);
    signal.throwIfAborted();
    const make = await this.#place(plan, spec, vm, signal);

    this.#held.add("container in the guest", () => this.#releaseGuest(vm));
    const stdio = init.handover ? { initStdio: init.guestStdio() } : {};
    const work = make(stdio);
    const guest = await within(work, limits.create, `create of container ${this.id} in the guest`).catch((cause) => {
      // One that comes after we gave up has no owner.
      work.then(() => this.#releaseGuest(vm)).catch(() => {});
      throw cause;
    });
    init.made(guest.initPid, guest.initPid === 0 ? undefined : guest.waitInit());
    if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint("task.create.before-commit");
    if (signal.aborted) {
      await this.#killUnstarted(guest, init);
      signal.throwIfAborted();
    }
    return this.#created(vm, guest);
  }

  /** What has to be brought into a VM, and what that one has to be able to do. */
  async #plan(spec: Spec): Promise<{ readonly plan: StoragePlan | WindowsPlan; readonly hint: BootHint }> {
    const { request, ports } = this.#options;
    if (isWindows(spec)) {
      const { planWindows } = await windowsContainer();
      return { plan: planWindows(request, spec, ports.files), hint: {} };
    }
    const { needsShares, planStorage } = await storage();
    const plan = planStorage(request, spec, ports.files);
    return { plan, hint: { shares: needsShares(plan) } };
  }

  #created(vm: ContainerVm, guest: GuestContainer): number {
    this.#machine.begin("created", { name: "created", vm, guest });
    const { bundle, rootfs, stdin, stdout, stderr, terminal, checkpoint } = this.#options.request;
    const io = { stdin, stdout, stderr, terminal };
    const pid = vm.uvm.hostPid(guest.initPid);
    this.#publish({ topic: "/tasks/create", containerId: this.id, bundle, rootfs, io, checkpoint, pid });
    guest.onOutOfMemory(() => this.#outOfMemory());
    return pid;
  }

  /** Brings what it needs; answers how it is made in the guest. */
  async #place(
    plan: StoragePlan | WindowsPlan | undefined,
    spec: Spec,
    vm: ContainerVm,
    signal: AbortSignal,
  ): Promise<(options: CreateContainerOptions) => Promise<GuestContainer>> {
    const { request, ports, limits, stateDirectory, guestPid } = this.#options;
    const made = { spec, vm, held: this.#held, limits, signal };
    if (plan !== undefined && "kind" in plan) {
      const { placeInWindows } = await windowsContainer();
      return await placeInWindows(plan, { id: this.id, ...made });
    }
    refuseLinux(this.id, vm);
    const context = { request, rootfs: ports.rootfs, ...made, ...this.#leavesOut() };
    const sandbox = spec.annotations?.[pod.sandboxId.name];
    const sandboxPid = sandbox === undefined || sandbox === this.id ? undefined : guestPid?.(sandbox);
    const document = await (plan === undefined
      ? mountOnHost(join(stateDirectory, "containers", this.id), context)
      : (await storage()).bringIntoVm(plan, { ...context, sandboxPid }));
    return (options) => vm.guest.createContainer(this.id, document, options);
  }

  #leavesOut(): { dropped(what: string): void } {
    return { dropped: (what) => this.#options.ports.note?.(`container ${this.id}: the guest does without ${what}`) };
  }

  #initHooks(vm: ContainerVm): ProcessHooks {
    return {
      started: (pid) => {
        const { state } = this.#machine;
        if (state.name === "starting") this.#machine.transition("started", { ...state, name: "running" });
        this.#publish({ topic: "/tasks/start", containerId: this.id, pid: vm.uvm.hostPid(pid) });
        this.#tellOom();
      },
      beforeExit: () => this.#settleExecs(),
      exited: (pid, exit) => {
        const { state } = this.#machine;
        // A create that fails has told nothing, so it owes no exit.
        if (state.name !== "stopping" && state.name !== "deleting") return;
        const name = state.name === "stopping" ? "stopped" : "deleting";
        this.#tellOom();
        this.#machine.transition("stopped", { ...state, name });
        this.#publishEnd("/tasks/exit", this.id, vm.uvm.hostPid(pid), exit);
      },
    };
  }

  /** The init is dead: what shares its fate, or outlives it in a shared pid namespace, is told before it. */
  async #settleExecs(): Promise<void> {
    const { state } = this.#machine;
    if (state.name === "creating" || state.name === "deleted") return;
    if (!this.#machine.transition("initDied", { ...state, name: "stopping" })) {
      this.#machine.transition("initDied", { ...state, name: "deleting" });
    }
    if (this.#sharesPids) {
      // hcsshim's guest can't be asked for it.
      const { guest, vm } = state;
      const kill = async () => vm.guest.capabilities().signalAllSupported && guest.signal(SIGKILL, { all: true });
      await this.#ask(kill(), "kill of what its init left").catch((cause) => {
        if (!isGone(cause)) this.#warn("processes may have outlived its init", cause);
      });
    }
    const { settle } = this.#options.limits;
    await within(this.#execs.idle(), settle, "exit of its execs").catch((cause) => {
      this.#warn("an exec did not exit with its init", cause);
      for (const exec of this.#execs.owing()) exec.lose();
      return this.#execs.idle();
    });
  }

  async #killUnstarted(guest: GuestContainer, init: ProcessController): Promise<void> {
    try {
      await this.#ask(guest.signal(SIGKILL, { all: true }), `kill of container ${this.id}`);
    } catch (cause) {
      if (!isGone(cause)) throw cause;
      init.lose();
    }
    if (guest.initPid === 0) init.died(128 + SIGKILL);
    await this.#ask(init.wait(), `end of the init of container ${this.id}`);
  }

  async #releaseGuest(vm: ContainerVm): Promise<void> {
    // Such a guest forgets it by itself.
    if (!vm.guest.capabilities().deleteContainerStateSupported) return;
    await this.#ask(vm.guest.deleteContainerState(this.#guestId), `deletion of container ${this.id} in the guest`);
  }

  #execProcess(execId: string, stdio: StdioRequest, vm: ContainerVm): ProcessController {
    const hooks: ProcessHooks = {
      started: (pid) => {
        const hostPid = vm.uvm.hostPid(pid);
        this.#publish({ topic: "/tasks/exec-started", containerId: this.id, execId, pid: hostPid });
        this.#tellOomUnlessStarting(process);
      },
      exited: (pid, exit, started) => {
        this.#tellOom();
        if (started) this.#publishEnd("/tasks/exit", execId, vm.uvm.hostPid(pid), exit);
        this.#execs.paid(process);
      },
    };
    const process = this.#process(execId, stdio, vm, hooks);
    return process;
  }

  #processes(): ProcessController[] {
    return [...(this.#init ? [this.#init] : []), ...this.#execs.all()];
  }

  #process(id: string, stdio: StdioRequest, vm: ContainerVm, hooks: ProcessHooks): ProcessController {
    const { ports, limits, namespace } = this.#options;
    const { terminal, stdin, stdout, stderr } = stdio;
    return new ProcessController({
      id,
      stdio: { terminal, stdin, stdout, stderr },
      context: { containerId: this.id, namespace },
      // In this order: a restored VM's guest is not connected yet.
      handover: vm.uvm.sockets.offerFd !== undefined && vm.guest.capabilities().initStdioSupported,
      io: ports.io,
      hooks,
      limits: limits.process,
      lost: () => this.#lost(vm),
      warn: (message, cause) => this.#warn(message, cause),
    });
  }

  /** What is there once it is created. */
  #live(verb: string): InGuest & { readonly init: ProcessController } {
    const { state } = this.#machine;
    if (state.name === "creating" || state.name === "deleted" || this.#init === undefined) {
      throw this.#machine.refusal(verb);
    }
    return { vm: state.vm, guest: state.guest, init: this.#init };
  }

  /** Told while an exit that came of it is still to be told. */
  #outOfMemory(): void {
    this.#oomUntold = !this.#machine.is("stopped", "deleted");
    this.#tellOomUnlessStarting();
  }

  /** A process that is killed at once is so while its start is being answered, which is told first. */
  #tellOomUnlessStarting(told?: ProcessController): void {
    const starts = (process: ProcessController): boolean => process !== told && process.state.name === "starting";
    if (!this.#machine.is("starting") && !this.#execs.all().some(starts)) this.#tellOom();
  }

  #tellOom(): void {
    if (this.#oomUntold) this.#publish({ topic: "/tasks/oom", containerId: this.id });
    this.#oomUntold = false;
  }

  #find(execId: string, verb: string): ProcessController {
    const { init } = this.#live(verb);
    return execId === "" ? init : this.#execs.get(execId).process;
  }

  #needsFreezer(vm: ContainerVm, verb: string): void {
    if (vm.guest.capabilities().freezerSupported) return;
    throw unimplemented(`container ${this.id} is ${this.state}; cannot ${verb}: its guest has no freezer`);
  }

  #finished(): Error {
    return notFound(`container ${this.id} is ${this.state}; cannot kill: process already finished`);
  }

  #ask<T>(work: Promise<T>, what: string, late?: (value: T) => unknown): Promise<T> {
    return within(work, this.#options.limits.request, what, late);
  }

  #publish(event: Parameters<ContainerPorts["events"]["publish"]>[0]): void {
    if (this.#untold === undefined) this.#options.ports.events.publish(event);
    else this.#untold.push(event);
  }

  #publishEnd(topic: "/tasks/exit" | "/tasks/delete", id: string, pid: number, exit: ProcessExit): void {
    this.#publish({ topic, containerId: this.id, id, pid, exitStatus: exit.status, exitedAt: exit.at });
  }

  #warn(message: string, cause: unknown): void {
    this.#options.ports.warn(`container ${this.id}: ${message}`, cause);
  }
}
