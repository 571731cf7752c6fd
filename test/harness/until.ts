import { setTimeout as delay } from "node:timers/promises";
import { patienceMs } from "./command.ts";

/**
 * Waits until `probe` gives a value other than undefined, false or null, and returns it. The deadline is there to fail
 * with a message instead of hanging; no test's outcome depends on how fast the machine is.
 */
export async function until<T>(
  what: string,
  probe: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  milliseconds = patienceMs,
): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited ${milliseconds} ms in vain: ${what}`);
    await delay(20);
  }
}
