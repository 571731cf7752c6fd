import { ShimError } from "../errors/shim-error.ts";
import { unlessAborted } from "../errors/unless-aborted.ts";

/**
 * Waits for `work` no longer than `ms`: deadline-exceeded "<what> did not finish in 2 s". The work itself goes on: `late`
 * is given what it comes to after that; a failure is dropped then, because nobody is left to hear it.
 */
export function within<T>(work: Promise<T>, ms: number, what: string, late?: (value: T) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reject(new ShimError("deadline-exceeded", `${what} did not finish in ${Math.round(ms) / 1000} s`));
    }, ms);
    const settle = (value: T): void => {
      if (!isLate) resolve(value);
      else void (async () => late?.(value))().catch(() => {});
    };
    work.then(settle, reject).finally(() => clearTimeout(timer));
  });
}

export interface Deadline {
  readonly signal: AbortSignal;
  /** Stops the clock and lets go of the other signals. */
  done(): void;
}

/** A signal that aborts with deadline-exceeded after `ms`, or as any of the others does. */
export function deadline(ms: number, what: string, ...others: (AbortSignal | undefined)[]): Deadline {
  const own = new AbortController();
  const timer = setTimeout(() => {
    own.abort(new ShimError("deadline-exceeded", `${what} did not finish in ${Math.round(ms) / 1000} s`));
  }, ms);
  const undo: (() => void)[] = [() => clearTimeout(timer)];
  for (const other of others) {
    if (other === undefined) continue;
    const forward = (): void => own.abort(ShimError.from(other.reason, "canceled"));
    if (other.aborted) forward();
    else other.addEventListener("abort", forward, { once: true });
    undo.push(() => other.removeEventListener("abort", forward));
  }
  return {
    signal: own.signal,
    done: () => {
      for (const step of undo) step();
    },
  };
}

/** A promise with its resolver outside (Promise.withResolvers, which Node 20 lacks). */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

/** `reject` does not count as unhandled where nobody waits. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((a, b) => {
    resolve = a;
    reject = b;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

/** One call with a signal of its own that aborts after `ms`; then deadline-exceeded, whether the call heeds it or not. */
export async function bounded<T>(
  ms: number,
  what: string,
  call: (options: { readonly signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const { signal, done } = deadline(ms, what);
  try {
    return await unlessAborted(call({ signal }), signal);
  } finally {
    done();
  }
}
