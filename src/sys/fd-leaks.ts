/** For test suites: which fds did the tests leave open? */
import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** In another thread of the runtime, on a busy machine, a close may take so long (milliseconds). */
const CLOSED_WITHIN_MS = 30_000;
const LOOP = ["anon_inode:[eventpoll]", "anon_inode:[eventfd]"];

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
 * The fds that are open now and were not then, as "fd -> what": more of a kind than there were, so that one that a runtime
 * has closed meanwhile hides none of another kind. Runtimes close some fds after they say so, in turns of the event loop to
 * come or in another thread; what is open for good is still open when no thread can be so late any more.
 */
export async function leakedFds(before: ReadonlyMap<number, string>): Promise<string[]> {
  const latest = performance.now() + CLOSED_WITHIN_MS;
  for (;;) {
    const now = openFds();
    const more = kindsOfMore(before, now);
    if (more.size === 0) return [];
    const leaked = [...now].filter(([fd, link]) => more.has(kind(link)) && before.get(fd) !== link);
    if (performance.now() > latest) return leaked.map(([fd, link]) => `${fd} -> ${link}`);
    await delay(1);
  }
}

/** Sockets and pipes have an inode in their names. */
function kind(link: string): string {
  return link.replace(/:\[\d+\]$/, "");
}

/** Exported for its test. */
export function kindsOfMore(before: ReadonlyMap<number, string>, now: ReadonlyMap<number, string>): Set<string> {
  const surplus = new Map<string, number>();
  for (const link of now.values()) surplus.set(kind(link), (surplus.get(kind(link)) ?? 0) + 1);
  for (const link of before.values()) surplus.set(kind(link), (surplus.get(kind(link)) ?? 0) - 1);
  // A thread of Bun's that began late on a busy machine has both: a loop, and what wakes it. Of ours, none comes with the other.
  const threads = Math.min(...LOOP.map((name) => Math.max(0, surplus.get(name) ?? 0)));
  for (const name of LOOP) surplus.set(name, (surplus.get(name) ?? 0) - threads);
  return new Set([...surplus].filter(([, more]) => more > 0).map(([name]) => name));
}
