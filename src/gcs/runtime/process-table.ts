import { notFound } from "../../errors/shim-error.ts";
import type { GuestProcess } from "./guest-process.ts";

/**
 * Finished processes that stay known: a wait may be repeated after the exit (reference:
 * hcsshim 6.3), but a health check a second must not fill the memory.
 */
const KEPT_AFTER_ANSWER = 64;

/** The processes of one owner by their pids. */
export class ProcessTable {
  readonly #owner: string;
  readonly #byPid = new Map<number, GuestProcess>();

  constructor(owner: string) {
    this.#owner = owner;
  }

  /** A pid that the kernel has given out again replaces the finished process. */
  add(process: GuestProcess): void {
    const [eldest, ...others] = [...this.#byPid.values()].filter((known) => known.answered);
    if (eldest !== undefined && others.length >= KEPT_AFTER_ANSWER) this.#drop(eldest);
    const replaced = this.#byPid.get(process.pid);
    if (replaced !== undefined) this.#drop(replaced);
    this.#byPid.set(process.pid, process);
  }

  find(pid: number): GuestProcess | undefined {
    return this.#byPid.get(pid);
  }

  /** Throws not-found. */
  get(pid: number): GuestProcess {
    const process = this.#byPid.get(pid);
    if (process === undefined) throw notFound(`process ${pid} of ${this.#owner} does not exist`);
    return process;
  }

  running(): GuestProcess[] {
    return [...this.#byPid.values()].filter((process) => process.running);
  }

  describe(): string[] {
    return [...this.#byPid.values()].map((process) => process.describe());
  }

  close(): void {
    for (const process of this.#byPid.values()) process.io.close();
  }

  #drop(process: GuestProcess): void {
    process.io.close();
    this.#byPid.delete(process.pid);
  }
}
