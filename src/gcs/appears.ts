import { setTimeout as sleep } from "node:timers/promises";

/**
 * What is plugged in shows up within milliseconds; under emulation on a host with ten times the work that it can do, it
 * took more than five seconds. Less than the host waits for the answer.
 */
export const APPEARS_WITHIN_MS = 15_000;
const POLL_MS = 10;

export interface Wait {
  readonly withinMs?: number;
  /**
   * Settles when the drivers are loaded, or could not be. Before that nothing plugged in can be seen, so the time does not
   * count: on a host without time to spare they took 22 seconds after it had reached us.
   */
  readonly drivers?: Promise<unknown>;
}

/** Looks until there is something to see, for a bounded time; undefined where nothing came. What `look` throws is thrown. */
export async function appears<T>(look: () => T | undefined, wait: Wait = {}): Promise<T | undefined> {
  const { withinMs = APPEARS_WITHIN_MS, drivers } = wait;
  let until = Number.POSITIVE_INFINITY;
  const begin = (): void => {
    until = performance.now() + withinMs;
  };
  if (drivers === undefined) begin();
  else void drivers.then(begin, begin);
  for (;;) {
    const seen = look();
    if (seen !== undefined || performance.now() >= until) return seen;
    await sleep(POLL_MS);
  }
}
