import { ShimError } from "./shim-error.ts";

/** Waits for `work` until the signal aborts (its reason is thrown). The work itself goes on: others may wait for it too. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(ShimError.from(signal.reason, "canceled"));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
