import { ShimError } from "../../errors/shim-error.ts";
import { unlessAborted } from "../../errors/unless-aborted.ts";
import type { WindowedStream } from "../stream/windowed-stream.ts";

/** Between two accounts of a transfer's progress. */
const TELL_MS = 500;

export interface WatchOptions {
  readonly signal: AbortSignal;
  readonly stallMs: number;
  readonly progress: WindowedStream | undefined;
}

/** Ends a transfer whose caller is gone or that stands still, and tells how far it is. */
export class Watch {
  readonly #name: string;
  readonly #options: WatchOptions;
  readonly #stopped = new AbortController();
  readonly #forward: () => void;
  #bytes = 0;
  #told = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(name: string, options: WatchOptions) {
    this.#name = name;
    this.#options = options;
    const { signal } = options;
    this.#forward = () => this.#stopped.abort(ShimError.from(signal.reason, "canceled"));
    if (signal.aborted) this.#forward();
    else signal.addEventListener("abort", this.#forward, { once: true });
    this.#arm();
  }

  onStop(stop: () => void): void {
    if (this.#stopped.signal.aborted) stop();
    else this.#stopped.signal.addEventListener("abort", stop, { once: true });
  }

  /** Waits for the work, no longer than the transfer may take. */
  bound<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    return unlessAborted(work, this.#stopped.signal);
  }

  moved(bytes: number): void {
    this.#bytes += bytes;
    this.#arm();
    const now = performance.now();
    if (now - this.#told < TELL_MS) return;
    this.#told = now;
    // Who does not listen to the progress does not hold up the transfer.
    void this.#tell("copying").catch(() => {});
  }

  async tellEnd(): Promise<void> {
    await this.bound(this.#tell("done")).catch(() => {});
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#options.signal.removeEventListener("abort", this.#forward);
  }

  async #tell(event: string): Promise<void> {
    await this.#options.progress?.tell({ kind: "progress", event, name: this.#name, bytes: this.#bytes });
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { stallMs } = this.#options;
    this.#timer = setTimeout(() => {
      const problem = `the transfer of ${this.#name} stood still for ${stallMs / 1000} s after ${this.#bytes} bytes`;
      this.#stopped.abort(new ShimError("deadline-exceeded", problem));
    }, stallMs);
  }
}
