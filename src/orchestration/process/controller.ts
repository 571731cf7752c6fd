import { isKind, notFound, ShimError, unimplemented } from "../../errors/shim-error.ts";
import { unlessAborted } from "../../errors/unless-aborted.ts";
import type { GuestStdioSettings } from "../../guestmanager/guest.ts";
import type { StdioContext, StdioPaths } from "../../stdio/endpoints.ts";
import { deferred, within } from "../deadline.ts";
import { Machine } from "../state-table.ts";
import type { Launch, ProcessHooks, ProcessIoPorts, ProcessLimits, RunningProcess } from "./ports.ts";
import type { SavedProcess, SavedStreams } from "./saved.ts";
import { type ProcessExit, type ProcessStateData, processStates } from "./state.ts";
import { ProcessStdio } from "./stdio.ts";

export interface ProcessOptions {
  /** The container's id for its init, else the exec id. */
  readonly id: string;
  readonly stdio: StdioPaths;
  readonly context: StdioContext;
  /** The guest can take the fds themselves. */
  readonly handover: boolean;
  readonly io: ProcessIoPorts;
  readonly hooks: ProcessHooks;
  readonly limits: ProcessLimits;
  /** The exit status of one whose guest is gone; 255 without it. Bounded; never rejects. */
  lost?(): Promise<number>;
  warn(message: string, cause?: unknown): void;
}

/** One process of a container, its init or an exec: from its announcement to its deletion. */
export class ProcessController {
  readonly id: string;
  readonly paths: StdioPaths;
  readonly #options: ProcessOptions;
  readonly #machine: Machine<typeof processStates, ProcessStateData>;
  readonly #stdio: ProcessStdio;
  readonly #exit = deferred<ProcessExit>();
  /** An exit learned of while the start was not yet answered. */
  #early: ProcessExit | undefined;
  #given = false;
  #started = false;
  #size: { columns: number; rows: number } | undefined;
  /** Of one that its start only lets go on. */
  #streams: SavedStreams | undefined;

  constructor(options: ProcessOptions) {
    this.id = options.id;
    this.paths = options.stdio;
    this.#options = options;
    this.#machine = new Machine<typeof processStates, ProcessStateData>(processStates, options.id, {
      name: "created",
      pid: 0,
    });
    this.#stdio = new ProcessStdio(options.stdio, options.context, options.handover, options.io);
  }

  get state(): ProcessStateData {
    return this.#machine.state;
  }

  get pid(): number {
    return this.#machine.state.pid;
  }

  /** Handed over whole, no relay. */
  get handover(): boolean {
    return this.#stdio.handover;
  }

  /** Undefined before its exit is reported. */
  get exit(): ProcessExit | undefined {
    const { state } = this.#machine;
    return state.name === "exited" || state.name === "deleted" ? state.exit : undefined;
  }

  /** Opens containerd's end of its stdio; an init does it at its create, an exec at its start. */
  open(): Promise<void> {
    return this.#stdio.open();
  }

  /** What an init's create is given; its start then gives nothing. */
  guestStdio(): GuestStdioSettings {
    this.#given = true;
    return this.#stdio.settings();
  }

  /** Gives its stdio back, for one whose create failed. */
  release(): Promise<void> {
    return this.#closeStdio();
  }

  /** The guest has made it but not started it (an init): it may die from now on. */
  made(pid: number, exitCode: Promise<number> | undefined): void {
    this.#machine.begin("made", { name: "created", pid });
    exitCode?.then(
      (status) => this.#diedUnstarted({ status, at: new Date() }),
      (cause) => {
        if (!this.#machine.is("created", "starting")) return;
        if (isKind(cause, "unavailable")) this.#lost();
        else this.#options.warn(`process ${this.id}: its exit cannot be learned before its start`, cause);
      },
    );
  }

  /** Starts it within the limit. A failure leaves it created, and it may be tried again. */
  async start(launch: Launch): Promise<number> {
    this.#machine.begin("start", { name: "starting", pid: this.pid });
    let process: RunningProcess;
    try {
      await this.#stdio.open();
      process = await this.#launch(launch);
      this.#attach(process);
    } catch (cause) {
      await within(this.#stdio.giveUp(), this.#options.limits.close, `stdio of process ${this.id}`).catch((leak) =>
        this.#options.warn(`process ${this.id}: its stdio was not given up`, leak),
      );
      this.#machine.transition("startFailed", { name: "created", pid: this.pid });
      if (this.#early !== undefined) this.#exiting(this.#early);
      throw ShimError.from(cause, "internal");
    }
    const pid = process.pid || this.pid;
    this.#machine.transition("started", { name: "running", pid, process });
    this.#started = true;
    this.#options.hooks.started(pid);
    if (this.#early !== undefined && this.#early.status === LOST) this.#exiting(this.#early);
    else this.#reap(process);
    this.#applySize();
    return pid;
  }

  /** Sends a signal; 0 only asks. failed-precondition before its start, not-found once it is dead. */
  async kill(signal: number, all = false): Promise<void> {
    const { state } = this.#machine;
    if (state.name === "created" || state.name === "starting") throw this.#machine.refusal("kill");
    if (state.name !== "running") throw this.#finished();
    if (signal === 0) return;
    const delivered = await within(
      state.process.signal(signal, all ? { all } : {}),
      this.#options.limits.signal,
      `signal ${signal} to process ${this.id}`,
    );
    if (!delivered) throw this.#finished();
  }

  /** Without a terminal, or once it is dead, a no-op; before its start it is kept for then. */
  async resize(columns: number, rows: number): Promise<void> {
    this.#machine.guard("resize", "resize its terminal");
    if (!this.paths.terminal) return;
    this.#size = { columns, rows };
    const { state } = this.#machine;
    if (state.name !== "running") return;
    const work = state.process.resizeConsole(columns, rows);
    await within(work, this.#options.limits.signal, `resize of the terminal of process ${this.id}`);
  }

  closeInput(): void {
    this.#stdio.closeInput();
  }

  /** Its reported exit, for any number of callers, until it is deleted. */
  async wait(options?: { signal?: AbortSignal }): Promise<ProcessExit> {
    if (this.#machine.is("deleted")) throw notFound(`process ${this.id} is deleted`);
    return unlessAborted(this.#exit.promise, options?.signal);
  }

  /** Its stdio stands still until `releaseStdio`; `save` is right meanwhile. failed-precondition while it starts. */
  holdStdio(): void {
    if (this.#machine.is("starting", "deleted")) throw this.#machine.refusal("save");
    if (this.handover) throw unimplemented(`process ${this.id} holds the host's own files; cannot save it`);
    this.#stdio.hold();
  }

  releaseStdio(): void {
    this.#stdio.release();
  }

  dropOutput(): void {
    this.#stdio.dropOutput();
  }

  save(): SavedProcess {
    const { state } = this.#machine;
    if (state.name === "starting" || state.name === "deleted") throw this.#machine.refusal("save");
    const exit = "exit" in state ? state.exit : undefined;
    return {
      id: this.id,
      state: state.name === "exiting" ? "running" : state.name,
      pid: state.pid,
      started: this.#started,
      stdio: this.paths,
      streams: this.#stdio.save(),
      ...(this.#size && { size: this.#size }),
      ...(exit && { exit: { status: exit.status, at: exit.at.toISOString() } }),
    };
  }

  /** Goes on as the saved one, which the guest has: `open` gives it, `exitCode` is that of an init that is not started. */
  async restore(
    saved: SavedProcess,
    guest: { readonly open: () => RunningProcess; readonly exitCode?: Promise<number> | undefined },
  ): Promise<void> {
    const { pid, streams } = saved;
    const exit = saved.exit && { status: saved.exit.status, at: new Date(saved.exit.at) };
    this.#size = saved.size;
    if (streams.inputClosed) this.closeInput();
    if (saved.state === "exited" && exit !== undefined) {
      this.#started = saved.started;
      this.#machine.transition("exited", { name: "exiting", pid, exit });
      this.#machine.transition("reported", { name: "exited", pid, exit });
      this.#exit.resolve(exit);
    } else if (saved.state === "running") {
      this.#machine.begin("start", { name: "starting", pid });
      await this.#stdio.open();
      const process = guest.open();
      this.#stdio.attach(process, streams);
      this.#machine.transition("started", { name: "running", pid, process });
      this.#started = saved.started;
      if (exit !== undefined) this.#exiting(exit);
      else this.#reap(process);
    } else if (pid !== 0) {
      await this.#stdio.open();
      this.made(pid, guest.exitCode);
    }
  }

  /** Made by the restore of its VM, where it stands still: its start lets it go on. Its stdio is open. */
  restoreFrozen({ pid, size, streams }: SavedProcess, exitCode: Promise<number>): void {
    this.#size = size;
    this.#streams = streams;
    if (streams.inputClosed) this.closeInput();
    this.made(pid, exitCode);
  }

  /** Guest or VM is gone: it is dead and nobody can tell how. */
  lose(status = LOST): void {
    const exit = { status, at: new Date() };
    if (this.#machine.is("starting")) this.#early ??= exit;
    else this.#exiting(exit);
  }

  /** Killed by us before its start, where the guest cannot tell of that. */
  died(status: number): void {
    this.#diedUnstarted({ status, at: new Date() });
  }

  /** Exited, or never started. Returns its exit where it had one. */
  async delete(): Promise<{ pid: number; exit: ProcessExit | undefined }> {
    const { state } = this.#machine;
    if (state.name === "deleted") throw notFound(`process ${this.id} is deleted`);
    if (state.name !== "created" && state.name !== "exited") throw this.#machine.refusal("delete");
    const exit = state.name === "exited" ? state.exit : undefined;
    this.#machine.begin("delete", { name: "deleted", pid: state.pid, exit });
    this.#exit.reject(notFound(`process ${this.id} is deleted`));
    await this.#closeStdio();
    return { pid: state.pid, exit };
  }

  async #launch(launch: Launch): Promise<RunningProcess> {
    const work = launch({ emulateConsole: this.paths.terminal, stdio: this.#given ? {} : this.#stdio.settings() });
    try {
      return await within(work, this.#options.limits.start, `start of process ${this.id}`);
    } catch (cause) {
      // A process that comes after we said it failed has no owner: it must not run.
      work.then((process) => process.signal(SIGKILL)).catch(() => {});
      throw cause;
    }
  }

  /** Joins it to its stdio. Where that fails (no fds left), nobody would ever read it or learn of its end: it goes. */
  #attach(process: RunningProcess): void {
    try {
      this.#stdio.attach(process, this.#streams);
    } catch (cause) {
      process.signal(SIGKILL).catch((error) => this.#options.warn(`process ${this.id}: it was not killed`, error));
      for (const end of [process.stdin, process.stdout, process.stderr]) end?.destroy();
      throw cause;
    }
  }

  #reap(process: RunningProcess): void {
    process.exitCode.then(
      (status) => this.#exiting({ status, at: new Date() }, process.heldBackMs),
      (cause) => {
        this.#options.warn(`process ${this.id}: its exit code is lost`, cause);
        if (isKind(cause, "unavailable")) this.#lost();
        else this.lose();
      },
    );
  }

  #lost(): void {
    const { lost } = this.#options;
    if (lost === undefined) this.lose();
    else void lost().then((status) => this.lose(status));
  }

  #diedUnstarted(exit: ProcessExit): void {
    if (this.#machine.is("starting")) this.#early ??= exit;
    // A started one is reaped by its own wait, which also answers for its output.
    else if (this.#machine.is("created")) this.#exiting(exit);
  }

  #exiting(exit: ProcessExit, waitedMs = 0): void {
    if (!this.#machine.transition("exited", { name: "exiting", pid: this.pid, exit })) return;
    void this.#report(exit, waitedMs);
  }

  async #report(exit: ProcessExit, waitedMs: number): Promise<void> {
    const { hooks, limits, warn } = this.#options;
    try {
      // The guest has waited for the same reader; what it gave us last has its moment still.
      await this.#stdio.drain(Math.max(limits.drain - waitedMs, Math.min(limits.drain, LAST_DRAIN_MS)));
      // Not waited for: a client reads until EOF before it deletes, a logger may take its time.
      void this.#closeStdio();
      await hooks.beforeExit?.();
    } catch (cause) {
      warn(`process ${this.id}: its output was not drained in order`, cause);
    }
    this.#machine.transition("reported", { name: "exited", pid: this.pid, exit });
    hooks.exited(this.pid, exit, this.#started);
    this.#exit.resolve(exit);
  }

  async #closeStdio(): Promise<void> {
    const { limits, warn } = this.#options;
    try {
      await within(this.#stdio.close(), limits.close, `release of the stdio of process ${this.id}`);
    } catch (cause) {
      warn(`process ${this.id}: its stdio was not released`, cause);
    }
  }

  #applySize(): void {
    if (this.#size === undefined) return;
    const { columns, rows } = this.#size;
    this.resize(columns, rows).catch((cause) => this.#options.warn(`process ${this.id}: no resize`, cause));
  }

  #finished(): Error {
    return notFound(`process ${this.id} is ${this.#machine.state.name}; cannot kill: process already finished`);
  }
}

const SIGKILL = 9;
/** The exit status of a process whose end nobody saw. */
const LOST = 255;
/** For what a guest that waited its own time handed over at the end of it. */
const LAST_DRAIN_MS = 1_000;
