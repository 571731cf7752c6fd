/** For test suites: which fds did the tests leave open? */
import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** In another thread of the runtime, on a busy machine, a close may take so long (milliseconds). */
const CLOSED_WITHIN_MS = 30_000;

/** What each open fd of this process is open on. */
export function openFds(): Map<number, string> {
  const fds = new Map<number, string>();
  for (const name of readdirSync("/proc/self/fd")) {
    try {
      fds.set(Number(name), readlinkSync(`/proc/self/fd/${name}`));
    } catch {
      // The directory that was listed, closed again.
    }
  }
  return fds;
}

/**
 * The fds that are open now and were not then, as "fd -> what". Runtimes close some fds after they say so, in turns of the
 * event loop to come or in another thread; what is open for good is still open when no thread can be so late any more.
 */
export async function leakedFds(before: ReadonlyMap<number, string>): Promise<string[]> {
  const latest = performance.now() + CLOSED_WITHIN_MS;
  for (;;) {
    const leaked = [...openFds()].filter(([fd, link]) => before.get(fd) !== link);
    const count = openFds().size - before.size;
    if (count <= 0) return [];
    if (performance.now() > latest) return leaked.map(([fd, link]) => `${fd} -> ${link}`);
    await delay(1);
  }
}
