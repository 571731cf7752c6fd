/** For test suites: which fds did the tests leave open? */
import { readdirSync, readlinkSync } from "node:fs";

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
 * The fds that are open now and were not then, as "fd -> what". Runtimes close some fds a few turns of the event loop
 * after they say so; what is open for good is still open after a thousand.
 */
export async function leakedFds(before: ReadonlyMap<number, string>): Promise<string[]> {
  for (let turn = 0; ; turn++) {
    const leaked = [...openFds()].filter(([fd, link]) => before.get(fd) !== link);
    const count = openFds().size - before.size;
    if (count <= 0 || turn === 1000) return count <= 0 ? [] : leaked.map(([fd, link]) => `${fd} -> ${link}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
