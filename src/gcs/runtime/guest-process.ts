import { invalidArgument, notFound, ShimError } from "../../errors/shim-error.ts";
import { within } from "../../errors/within.ts";
import { startTime } from "../../sys/process.ts";
import type { ChildExit } from "../../sys/runtime.ts";
import type { ProcessIo } from "../stdio/process-io.ts";

const SIGKILL = 9;
const MAX_SIGNAL = 64;
/** setTimeout's own limit; the wire's 0xFFFFFFFF means "no time-out" anyway. */
const MAX_TIMER_MS = 0x7fff_ffff;

export interface GuestProcessSettings {
  /** For messages: `container "x"`, or "the guest". */
  readonly owner: string;
  readonly pid: number;
  readonly command: string;
  readonly io: ProcessIo;
  readonly exited: Promise<ChildExit>;
  /** Runs between exit and drain (the init: what it left in the container is killed). */
  readonly afterExit?: () => Promise<void>;
  /** How long output is waited for after the exit: something the process left behind may hold the pipe for ever. */
  readonly drainMs: number;
}

/** One process of the guest: an init, an exec, an external one. Registered from its pid on; its exit code is kept. */
export class GuestProcess {
  readonly pid: number;
  readonly io: ProcessIo;
  /** Resolves when the process is gone; output may still be on its way. Never rejects. */
  readonly exited: Promise<number>;
  /** Resolves with the exit code when its output is with the host too, or has had its time to get there. Never rejects. */
  readonly finished: Promise<number>;
  readonly #owner: string;
  readonly #command: string;
  readonly #startTime: bigint | undefined;
  #exitCode: number | undefined;
  #answered = false;
  #heldBackMs = 0;

  constructor(settings: GuestProcessSettings) {
    this.pid = settings.pid;
    this.io = settings.io;
    this.#owner = settings.owner;
    this.#command = settings.command;
    this.#startTime = startTime(settings.pid);
    this.exited = settings.exited.then(({ code }) => {
      this.#exitCode = code;
      return code;
    });
    this.finished = this.exited.then(async (code) => {
      await settings.afterExit?.();
      const since = performance.now();
      await within(settings.drainMs, settings.io.drained());
      this.#heldBackMs = Math.floor(performance.now() - since);
      return code;
    });
  }

  get running(): boolean {
    return this.#exitCode === undefined;
  }

  /** True once a wait has been answered: the record may be forgotten. */
  get answered(): boolean {
    return this.#answered;
  }

  /** How long `finished` came after the end for output that was not taken. */
  get heldBackMs(): number {
    return this.#heldBackMs;
  }

  /** Throws deadline-exceeded after the time-out. May be called again. */
  async wait(timeoutMs: number): Promise<number> {
    const code = await (timeoutMs > MAX_TIMER_MS ? this.finished : within(timeoutMs, this.finished));
    if (code === undefined) {
      throw new ShimError("deadline-exceeded", `${this.#subject} is running; waited ${timeoutMs} ms for its exit`);
    }
    this.#answered = true;
    return code;
  }

  /** kill(2) on this process alone. 0 or absent: SIGKILL. Throws not-found once it is gone. */
  signal(signal = 0): void {
    const number = checkSignal(signal);
    // The pid stays ours until it has been reaped; the start time tells even a reaped one's successor apart.
    if (!this.running || startTime(this.pid) !== this.#startTime) throw this.gone();
    try {
      process.kill(this.pid, number);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ESRCH") throw this.gone();
      if (error instanceof Error && "code" in error && error.code === "EINVAL") {
        throw invalidArgument(`signal ${number} is unknown to the kernel`, error);
      }
      throw ShimError.from(error, "internal");
    }
  }

  resize(columns: number, rows: number): void {
    this.io.resize(columns, rows);
  }

  gone(): ShimError {
    return notFound(`${this.#subject} is gone: process already finished`);
  }

  describe(): string {
    const state = this.#exitCode === undefined ? "running" : `exited ${this.#exitCode}`;
    return `pid ${this.pid} ${state}${this.#answered ? ", wait answered" : ""}; ${this.io.describe()}; ${this.#command}`;
  }

  get #subject(): string {
    return `process ${this.pid} of ${this.#owner}`;
  }
}

/** The number to send. Throws invalid-argument for what is no signal. */
export function checkSignal(signal: number): number {
  if (!Number.isInteger(signal) || signal < 0 || signal > MAX_SIGNAL)
    throw invalidArgument(`signal ${signal} is unknown`);
  return signal === 0 ? SIGKILL : signal;
}
