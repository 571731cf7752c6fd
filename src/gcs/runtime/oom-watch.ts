import { join } from "node:path";
import { type Cgroup, oomCounterDirectory, oomKills } from "../../sys/cgroup.ts";
import { watchFile } from "../../sys/file-changes.ts";
import { hasMemoryLimit, watchMemoryLimit } from "../../sys/memory-limit.ts";
import { watchOomControl } from "../../sys/oom-control.ts";

/** cgroup v1 tells before it kills: when it is looked whether that has happened, in ms. */
const LOOK_AFTER_MS = [0, 10, 40, 160, 640] as const;

/**
 * Whether the kernel's OOM killer has killed in a container's cgroup: its own counter says so, and no signal or exit code
 * does. The kernel counts before it kills, so that `check` after an exit misses nothing; what wakes us in between only
 * makes it sooner, where the container lives on.
 */
export class OomWatch {
  readonly #cgroup: Cgroup;
  readonly #onKill: () => void;
  #told: number;
  #stopWatching: (() => void) | undefined;
  #timers: NodeJS.Timeout[] = [];
  #stopped = false;

  /** `onKill`: once for each look that found the counter moved. */
  constructor(cgroup: Cgroup, onKill: () => void) {
    this.#cgroup = cgroup;
    this.#onKill = onKill;
    this.#told = oomKills(cgroup);
    this.#begin(() => this.#watch());
  }

  check(): void {
    if (this.#stopped) return;
    const kills = oomKills(this.#cgroup);
    if (kills <= this.#told) return;
    this.#told = kills;
    this.#onKill();
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#stopped = true;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #begin(watch: () => (() => void) | undefined): void {
    try {
      this.#stopWatching = watch();
    } catch {
      // No more instances of inotify for this user, no event_control: it is told at the next exit.
    }
  }

  #watch(): (() => void) | undefined {
    const directory = oomCounterDirectory(this.#cgroup);
    if (directory === undefined) return undefined;
    if (this.#cgroup.mode === "v2") return watchFile(join(directory, "memory.events"), () => this.check());
    return this.#watchMemory(directory);
  }

  /** Memory that has no limit does not run out, and under Bun an eventfd takes a thread: it waits for the first limit. */
  #watchMemory(directory: string): () => void {
    const watchOom = (): (() => void) => watchOomControl(directory, () => this.#checkSoon());
    if (hasMemoryLimit(directory)) return watchOom();
    const limited = (): void => {
      if (this.#stopped || !hasMemoryLimit(directory)) return;
      stop();
      this.#begin(watchOom);
      // It may have run out since the limit was written: nothing tells of that any more.
      this.#checkSoon();
    };
    const stop = watchMemoryLimit(directory, limited);
    // Set between the look and the watch.
    if (hasMemoryLimit(directory)) setImmediate(limited);
    return stop;
  }

  #checkSoon(): void {
    if (this.#stopped) return;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = LOOK_AFTER_MS.map((after) => setTimeout(() => this.check(), after));
  }
}
