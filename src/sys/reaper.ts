/**
 * Reaps the orphans that a subreaper inherits (reference: containerd-shim 1.11): the
 * init of a container whose runc has exited, and whatever else lost its parent. The
 * runtime's own children (`runtime.spawn`) are left to the runtime. One to a process;
 * nothing runs between two SIGCHLDs.
 */
import { peekDeadChild, reapIfDead, setChildSubreaper, type WaitResult } from "./libc-process.ts";
import { ownChildren } from "./own-children.ts";
import { processStat } from "./process.ts";
import { SysError } from "./sys-error.ts";

const ECHILD = 10;
/** Exit codes of strays that nobody has asked for, the oldest forgotten first. */
const unclaimedLimit = 256;

interface Watch {
  readonly startTime: bigint;
  readonly exited: Promise<WaitResult>;
  readonly resolve: (result: WaitResult) => void;
  readonly reject: (error: Error) => void;
}

export class Reaper {
  readonly #watches = new Map<number, Watch>();
  readonly #unclaimed = new Map<number, WaitResult>();
  readonly #onSignal = () => this.#sweep();
  #awaited: Promise<unknown> | undefined;
  #started = false;

  /** Becomes the subreaper and listens. Idempotent. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    setChildSubreaper(true);
    process.on("SIGCHLD", this.#onSignal);
    this.#sweep();
  }

  /** Stops listening; pending watches stay pending. */
  stop(): void {
    if (!this.#started) return;
    this.#started = false;
    process.off("SIGCHLD", this.#onSignal);
    setChildSubreaper(false);
  }

  /**
   * Resolves when the process is dead and reaped. It may still be the child of a child of ours (runc), or dead already.
   * Rejects with ECHILD when it is gone and its exit code with it: somebody else reaped it.
   */
  watch(pid: number): Promise<WaitResult> {
    const known = this.#watches.get(pid);
    if (known !== undefined) return known.exited;
    const stat = processStat(pid);
    const unclaimed = this.#unclaimed.get(pid);
    this.#unclaimed.delete(pid);
    if (stat === undefined) {
      return unclaimed === undefined
        ? Promise.reject(new SysError(ECHILD, "waitid", String(pid)))
        : Promise.resolve(unclaimed);
    }
    let resolve: Watch["resolve"] = () => {};
    let reject: Watch["reject"] = () => {};
    const exited = new Promise<WaitResult>((...settle) => {
      [resolve, reject] = settle;
    });
    this.#watches.set(pid, { startTime: stat.startTime, exited, resolve, reject });
    this.#sweep();
    return exited;
  }

  #sweep(): void {
    for (;;) {
      const pid = peekDeadChild();
      if (pid === undefined) break;
      const own = ownChildren.exits.get(pid);
      if (own !== undefined) {
        // The kernel shows one dead child at a time: look behind this one when the runtime has reaped it.
        if (this.#awaited !== own) {
          this.#awaited = own;
          void own.then(() => {
            if (this.#awaited === own) this.#awaited = undefined;
            if (this.#started) this.#sweep();
          });
        }
        break;
      }
      const result = reapIfDead(pid);
      if (typeof result === "object") this.#reaped(pid, result);
    }
    for (const [pid, watch] of this.#watches) this.#check(pid, watch);
  }

  /** A watched process may hide behind a child of the runtime's, or be gone with its own parent. */
  #check(pid: number, watch: Watch): void {
    const result = ownChildren.exits.has(pid) ? "running" : reapIfDead(pid);
    if (typeof result === "object") {
      this.#reaped(pid, result);
    } else if (result === "not-a-child" && processStat(pid)?.startTime !== watch.startTime) {
      this.#watches.delete(pid);
      watch.reject(new SysError(ECHILD, "waitid", String(pid)));
    }
  }

  #reaped(pid: number, result: WaitResult): void {
    const watch = this.#watches.get(pid);
    if (watch !== undefined) {
      this.#watches.delete(pid);
      watch.resolve(result);
      return;
    }
    this.#unclaimed.set(pid, result);
    const [oldest] = this.#unclaimed.keys();
    if (this.#unclaimed.size > unclaimedLimit && oldest !== undefined) this.#unclaimed.delete(oldest);
  }
}
