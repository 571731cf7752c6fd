import { ShimError } from "../errors/shim-error.ts";
import { dialPipe, isGone, type PipeWriter } from "../sys/windows/pipe-writer.ts";
import { openFailed } from "./descriptor.ts";
import type { Sink } from "./sink-stream.ts";

/** A client that is there answers at once; a pipe all of whose instances are taken keeps us waiting (milliseconds). */
const DIAL_MS = 5_000;

export interface RedialLimits {
  /** Each try waits half as long again as the one before, more or less by half of it, so that a crowd spreads out. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** Of all tries together; 0: for ever. */
  readonly totalMs: number;
}

/** hcsshim's (reference: hcsshim 7.4). */
export const redialLimits: RedialLimits = { firstMs: 200, longestMs: 60_000, totalMs: 0 };

/**
 * A client's pipe for output. A client that goes away, as a containerd that restarts, comes back to the same name: the pipe is
 * dialled until it is there again, and the process waits meanwhile as it does on a full pipe. What was under way is sent
 * again, so that a client who died in the middle of it may have had a part of it before.
 */
export class RedialledPipe implements Sink {
  readonly #path: string;
  readonly #limits: RedialLimits;
  readonly #warn: (message: string) => void;
  readonly #over = new AbortController();
  #pipe: PipeWriter;

  private constructor(path: string, pipe: PipeWriter, limits: RedialLimits, warn: (message: string) => void) {
    this.#path = path;
    this.#pipe = pipe;
    this.#limits = limits;
    this.#warn = warn;
  }

  /** Throws not-found, permission-denied or internal; the signal's reason. */
  static async dial(
    path: string,
    options: { readonly signal?: AbortSignal; readonly limits: RedialLimits; warn(message: string): void },
  ): Promise<RedialledPipe> {
    const { signal, limits, warn } = options;
    const late = AbortSignal.timeout(DIAL_MS);
    try {
      const pipe = await dialPipe(path, signal ? AbortSignal.any([signal, late]) : late);
      return new RedialledPipe(path, pipe, limits, warn);
    } catch (error) {
      signal?.throwIfAborted();
      throw openFailed(path, error);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (;;) {
      try {
        await this.#pipe.write(bytes);
        return;
      } catch (error) {
        this.#over.signal.throwIfAborted();
        if (!isGone(error)) throw error;
        this.#warn(`nobody reads ${this.#path} any more: dialling it until somebody does`);
        await this.#redial();
      }
    }
  }

  end(): Promise<void> {
    return this.#pipe.end();
  }

  destroy(): void {
    this.#over.abort(new ShimError("canceled", `stdio ${this.#path} is closed`));
    this.#pipe.destroy();
  }

  async #redial(): Promise<void> {
    const { signal } = this.#over;
    const { firstMs, longestMs, totalMs } = this.#limits;
    const until = totalMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + totalMs;
    for (let pause = firstMs; ; pause = Math.min(pause * 1.5, longestMs)) {
      try {
        const pipe = await dialPipe(this.#path, AbortSignal.any([signal, AbortSignal.timeout(DIAL_MS)]));
        if (signal.aborted) pipe.destroy();
        signal.throwIfAborted();
        this.#pipe = pipe;
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (performance.now() + pause > until) throw error;
        await delay(pause * (0.5 + Math.random()), signal);
      }
    }
  }
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
  });
}
