import type { CallOptions } from "../../lifetime.ts";

/** hcsshim's own, in ms. */
const DEFAULT_MS = 4 * 60 * 1000;

export type TimedCall = "CREATE" | "START" | "PAUSE" | "RESUME" | "SAVE";

/** Limits of calls of HCS that nobody else limits; hcsshim's variables set them, in whole seconds. */
export function limit(call: TimedCall | undefined, options: CallOptions | undefined): { readonly signal: AbortSignal } {
  const seconds = call === undefined ? undefined : process.env[`HCSSHIM_TIMEOUT_SYSTEM${call}`];
  const own = AbortSignal.timeout(
    seconds !== undefined && /^[1-9]\d{0,6}$/.test(seconds) ? Number(seconds) * 1000 : DEFAULT_MS,
  );
  return { signal: options?.signal === undefined ? own : AbortSignal.any([own, options.signal]) };
}
