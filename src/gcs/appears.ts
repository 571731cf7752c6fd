import { setTimeout as sleep } from "node:timers/promises";

/**
 * What is plugged in shows up within milliseconds; under emulation on a host with ten times the work that it can do, it
 * took more than five seconds. Less than the host waits for the answer.
 */
export const APPEARS_WITHIN_MS = 15_000;
const POLL_MS = 10;

/** Looks until there is something to see, for a bounded time; undefined where nothing came. What `look` throws is thrown. */
export async function appears<T>(look: () => T | undefined, withinMs = APPEARS_WITHIN_MS): Promise<T | undefined> {
  const until = performance.now() + withinMs;
  for (;;) {
    const seen = look();
    if (seen !== undefined || performance.now() >= until) return seen;
    await sleep(POLL_MS);
  }
}
