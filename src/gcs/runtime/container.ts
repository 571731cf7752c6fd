import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { invalidArgument, isKind, ShimError } from "../../errors/shim-error.ts";
import { within } from "../../errors/within.ts";
import { stringifyJson } from "../../oci/json.ts";
import type { Archive } from "../../prot/resources/archive.ts";
import { type Cgroup, cgroupOf, pidsIn, processDirectory } from "../../sys/cgroup.ts";
import { ContainerFiles } from "../archive/container-files.ts";
import type { ContainerExit, ContainerSettings, ExecSettings, StdioPorts } from "../host.ts";
import { dialStdio, type StdioConnections } from "../stdio/connections.ts";
import { PipeIo } from "../stdio/pipe-io.ts";
import type { ProcessIo } from "../stdio/process-io.ts";
import { TerminalIo } from "../stdio/terminal-io.ts";
import { checkSignal, GuestProcess } from "./guest-process.ts";
import { killWithoutRunc } from "./kill-without-runc.ts";
import {
  commandOf,
  networkNamespaceId,
  objectMember,
  ownsPidNamespace,
  podRole,
  withNetworkNamespace,
} from "./oci-members.ts";
import { OomWatch } from "./oom-watch.ts";
import type { RuntimePorts } from "./ports.ts";
import { ProcessTable } from "./process-table.ts";
import { ContainerState } from "./state.ts";
import { type CgroupStatistics, readStatistics } from "./stats.ts";
import { networkMetrics } from "./stats-network.ts";

const SIGKILL = 9;
const SIGTERM = 15;

/** What a container tells of by itself. */
export interface ContainerListener {
  exited(exit: ContainerExit): void;
  /** Before the exit that came of it, if one did. */
  outOfMemory(): void;
}

/**
 * One container of the guest, driven through runc. Every method throws a ShimError that names it. Its few small files, which
 * are in memory, are written at once: a thread that does so costs more.
 */
export class Container {
  readonly id: string;
  readonly state: ContainerState;
  readonly #ports: RuntimePorts;
  readonly #directory: string;
  readonly #processes: ProcessTable;
  readonly #listener: ContainerListener;
  #networkNamespace: string | undefined;
  #configuration: string | undefined;
  #init: GuestProcess | undefined;
  #cgroup: Cgroup | undefined;
  #oom: OomWatch | undefined;
  #files: ContainerFiles | undefined;
  #execs = 0;
  #connectAtStart = false;
  #starting: Promise<void> = Promise.resolve();
  #deleting: Promise<void> | undefined;
  #exitType: ContainerExit["type"] = "UnexpectedExit";

  constructor(id: string, ports: RuntimePorts, listener: ContainerListener) {
    this.id = id;
    this.state = new ContainerState(id);
    this.#ports = ports;
    this.#directory = join(ports.stateDirectory, "containers", id);
    this.#processes = new ProcessTable(this.#subject);
    this.#listener = listener;
  }

  get initPid(): number {
    return this.#init?.pid ?? 0;
  }

  /** runc create. On failure nothing is left but what another owner of the id has. */
  async create(settings: ContainerSettings): Promise<void> {
    const ociProcess = objectMember(settings.ociSpecification, "process");
    if (ociProcess === undefined) throw invalidArgument(`${this.#subject}: OCI specification has no process`);
    const command = commandOf(ociProcess);
    podRole(settings.ociSpecification);
    const terminal = ociProcess.terminal === true;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    let io: ProcessIo | undefined;
    try {
      const specification = await this.#joinNetwork(settings.ociSpecification);
      this.#configuration = join(settings.ociBundlePath, "config.json");
      writeBundle(settings.ociBundlePath, this.#configuration, specification);
      this.#files = new ContainerFiles(settings.ociBundlePath, specification, this.#ports);
      this.#connectAtStart = settings.initStdio === undefined;
      io = this.#openIo(terminal, settings.initStdio && (await this.#dial(settings.initStdio)));
      const pidFile = join(this.#directory, "init.pid");
      const { childStdio: stdio, consoleSocket } = io;
      await this.#ports.runc.create(this.id, settings.ociBundlePath, { pidFile, stdio, consoleSocket });
      this.#init = await this.#adopt(pidFile, io, command, () => this.#afterInitExit(ownsPidNamespace(specification)));
      this.#cgroup = cgroupOf(this.#init.pid);
      this.#oom = new OomWatch(this.#cgroup, () => this.#listener.outOfMemory());
      this.state.move("created");
      if (!this.#init.running) this.state.move("stopped");
      // The bridge keeps it until a wait for the init has been answered.
      void this.#init.finished.then(() => {
        this.#oom?.stop();
        this.#listener.exited({ containerId: this.id, type: this.#exitType });
      });
    } catch (error) {
      io?.close();
      this.#oom?.stop();
      // A used id is another container's; runc clears up after other failures unless it was killed itself.
      if (!isKind(error, "already-exists")) await this.#ports.runc.delete(this.id).catch(() => {});
      this.#removeFiles();
      await this.#leaveNetwork().catch(() => {});
      this.state.move("deleted");
      throw error;
    }
  }

  /** runc start. A second call is refused and disturbs nothing. */
  async start(ports: StdioPorts): Promise<{ pid: number }> {
    this.state.guard("start");
    const init = this.#requireInit();
    this.state.move("starting");
    this.#starting = this.#runStart(init, ports);
    await this.#starting;
    return { pid: init.pid };
  }

  async #runStart(init: GuestProcess, ports: StdioPorts): Promise<void> {
    try {
      if (this.#connectAtStart) init.io.connect(await this.#dial(ports));
      await this.#ports.runc.start(this.id);
      this.state.move("running");
    } catch (error) {
      this.state.move("created");
      throw error;
    } finally {
      // The init may be gone before runc start is: its exit left the state alone while this was pending.
      if (!init.running) this.#stopped();
    }
  }

  /** Begins to copy out of its root file system, or into it; possible until it is deleted. */
  async copyFiles(settings: Archive): Promise<void> {
    this.#requireInit();
    await this.#files?.copy(settings);
  }

  /** runc exec. Possible before the init has been started. */
  async exec(settings: ExecSettings, ports: StdioPorts): Promise<{ pid: number }> {
    this.state.guard("exec in");
    const command = commandOf(settings.ociProcess);
    this.#execs += 1;
    const base = join(this.#directory, `exec-${this.#execs}`);
    const io = this.#openIo(settings.ociProcess.terminal === true, await this.#dial(ports));
    try {
      writeFileSync(`${base}.json`, stringifyJson(settings.ociProcess), { mode: 0o600 });
      const pidFile = `${base}.pid`;
      await this.#ports.runc.exec(this.id, `${base}.json`, {
        pidFile,
        stdio: io.childStdio,
        consoleSocket: io.consoleSocket,
      });
      const process = await this.#adopt(pidFile, io, command);
      return { pid: process.pid };
    } catch (error) {
      io.close();
      throw error;
    } finally {
      for (const kind of ["json", "pid"]) rmSync(`${base}.${kind}`, { force: true });
    }
  }

  find(pid: number): GuestProcess | undefined {
    return this.#processes.find(pid);
  }

  async wait(pid: number, timeoutMs: number): Promise<number> {
    return this.#processes.get(pid).wait(timeoutMs);
  }

  async signal(pid: number, options: { signal?: number; all?: boolean }): Promise<void> {
    this.state.guard(options.all ? "signal all of" : "signal");
    const process = this.#processes.get(pid);
    const signal = checkSignal(options.signal ?? 0);
    // kill(2) does not reach a frozen process before it is thawed; runc thaws for SIGKILL.
    const frozen = this.state.is("paused", "pausing") && signal === SIGKILL && process === this.#init;
    if (!options.all && !frozen) return process.signal(signal);
    if (!process.running) throw process.gone();
    const work = this.#ports.runc.kill(this.id, signal, { all: options.all === true });
    await (signal === SIGKILL ? killWithoutRunc(work, () => this.processList()) : work);
  }

  resize(pid: number, columns: number, rows: number): void {
    this.#processes.get(pid).resize(columns, rows);
  }

  /** SIGTERM or SIGKILL for the init; a container that has stopped is shut down already. */
  async shutdown(mode: "graceful" | "forced"): Promise<void> {
    const init = this.#requireInit();
    if (!init.running) return;
    this.#exitType = mode === "graceful" ? "GracefulExit" : "ForcedExit";
    try {
      await this.signal(init.pid, { signal: mode === "graceful" ? SIGTERM : SIGKILL });
    } catch (error) {
      if (!isKind(error, "not-found")) throw error;
    }
  }

  /** `shutdown`, and waits for the exit: at most that long, then for good or bad. */
  async end(mode: "graceful" | "forced", milliseconds: number): Promise<void> {
    await this.shutdown(mode).catch(() => {});
    if (this.#init !== undefined) await within(milliseconds, this.#init.exited);
  }

  async pause(): Promise<void> {
    this.state.guard("pause");
    await this.#freeze("paused", "running", () => this.#ports.runc.pause(this.id));
  }

  async resume(): Promise<void> {
    this.state.guard("resume");
    await this.#freeze("running", "paused", () => this.#ports.runc.resume(this.id));
  }

  async #freeze(to: "paused" | "running", from: "paused" | "running", command: () => Promise<void>): Promise<void> {
    this.state.move("pausing");
    try {
      await command();
      if (this.state.is("pausing")) this.state.move(to);
    } catch (error) {
      if (this.state.is("pausing")) this.state.move(from);
      throw error;
    }
  }

  /** `resources`: OCI LinuxResources. */
  async update(resources: unknown): Promise<void> {
    this.state.guard("update");
    await this.#ports.runc.update(this.id, resources);
  }

  /** None once the container has stopped. */
  processList(): number[] {
    return this.state.is("stopped", "deleting") ? [] : pidsOf(this.#cgroup);
  }

  /** Empty once the container has stopped (reference: hcsshim 6.3). */
  statistics(): Partial<CgroupStatistics> {
    if (this.#cgroup === undefined || this.state.is("stopped", "deleting")) return {};
    const { v1, v2 } = readStatistics(this.#subject, this.#cgroup);
    const network = networkMetrics(this.initPid);
    return { v1: { ...v1, network }, ...(v2 && { v2: { ...v2, network } }) };
  }

  /** runc delete. Refuses a running container; one that never started is killed. A failed one can be tried again. */
  delete(): Promise<void> {
    this.#deleting ??= this.#runDelete().finally(() => {
      if (!this.state.is("deleted")) this.#deleting = undefined;
    });
    return this.#deleting;
  }

  async #runDelete(): Promise<void> {
    const init = this.#requireInit();
    // A `runc start` that still runs while the state directory goes away reports a failure that was none.
    await this.#starting.catch(() => {});
    if (this.state.is("created")) {
      await this.signal(init.pid, { signal: SIGKILL }).catch(() => {});
      await init.exited;
      this.#stopped();
    }
    this.state.guard("delete");
    this.state.move("deleting");
    try {
      await this.#files?.close();
      await this.#ports.runc.delete(this.id);
      await this.#leaveNetwork();
      this.#removeFiles();
    } catch (error) {
      this.state.move("stopped");
      throw error;
    }
    this.#processes.close();
    this.state.move("deleted");
  }

  /** Into the namespace that the host names; without one the specification's own stays. */
  async #joinNetwork(specification: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    const namespaceId = networkNamespaceId(specification);
    if (namespaceId === undefined) return specification;
    const path = await this.#ports.joinNetwork(namespaceId, this.id);
    this.#networkNamespace = namespaceId;
    return withNetworkNamespace(specification, path);
  }

  async #leaveNetwork(): Promise<void> {
    if (this.#networkNamespace === undefined) return;
    await this.#ports.leaveNetwork(this.#networkNamespace, this.id);
    this.#networkNamespace = undefined;
  }

  /** What we wrote, which is in the memory of a utility VM. No more of the bundle: its root may still be mounted there. */
  #removeFiles(): void {
    if (this.#configuration !== undefined) rmSync(this.#configuration, { force: true });
    rmSync(this.#directory, { recursive: true, force: true });
  }

  describe(): string[] {
    const title = `container ${this.id} ${this.state.name}, ${this.#exitType === "UnexpectedExit" ? "no shutdown asked" : this.#exitType}`;
    return [title, ...this.#processes.describe().map((line) => `  ${line}`)];
  }

  get #subject(): string {
    return `container "${this.id}"`;
  }

  #requireInit(): GuestProcess {
    if (this.#init === undefined) throw this.state.refusal("start");
    return this.#init;
  }

  #dial(ports: StdioPorts): Promise<StdioConnections> {
    return dialStdio(this.#ports.dial, ports, this.#ports.stdio);
  }

  #openIo(terminal: boolean, connections: StdioConnections | undefined): ProcessIo {
    return terminal ? new TerminalIo(this.#ports.stdio, connections) : new PipeIo(this.#ports.stdio, connections);
  }

  /** Registers the process that runc left to us. */
  async #adopt(
    pidFile: string,
    io: ProcessIo,
    command: string,
    afterExit: () => Promise<void> = async () => this.#oom?.check(),
  ): Promise<GuestProcess> {
    const pid = Number(readFileSync(pidFile, "utf8"));
    if (!Number.isInteger(pid) || pid <= 0) throw new ShimError("internal", `${this.#subject}: runc wrote no pid`);
    const exited = this.#ports.watchExit(pid);
    const process = new GuestProcess({
      owner: this.#subject,
      pid,
      command,
      io,
      exited,
      drainMs: this.#ports.drainMs,
      afterExit,
    });
    this.#processes.add(process);
    try {
      io.childStarted();
    } catch (error) {
      // Its terminal did not come: nobody will ever hold this process.
      process.signal(SIGKILL);
      throw error;
    }
    return process;
  }

  async #afterInitExit(kernelEndsTheRest: boolean): Promise<void> {
    this.#oom?.check();
    if (!this.state.is("creating", "starting")) this.#stopped();
    // Without a pid namespace of its own, what the init left would live on and hold its pipes.
    if (!kernelEndsTheRest) {
      const work = this.#ports.runc.kill(this.id, SIGKILL, { all: true });
      await killWithoutRunc(work, () => pidsOf(this.#cgroup)).catch(() => {});
    }
  }

  #stopped(): void {
    if (!this.state.is("stopped", "deleting", "deleted")) this.state.move("stopped");
  }
}

function pidsOf(cgroup: Cgroup | undefined): number[] {
  const directory = cgroup && processDirectory(cgroup);
  return directory === undefined ? [] : pidsIn(directory);
}

/** Throws invalid-argument: a bundle that can't be written is the caller's mistake. */
function writeBundle(path: string, configuration: string, specification: Readonly<Record<string, unknown>>): void {
  try {
    mkdirSync(path, { recursive: true });
    writeFileSync(configuration, stringifyJson(specification));
  } catch (error) {
    if (error instanceof ShimError) throw error;
    throw invalidArgument(`bundle "${path}" cannot be written: ${String(error)}`, error);
  }
}
