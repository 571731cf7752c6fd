import { unavailable } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { GuestListener } from "./sockets.ts";

interface Waiter {
  resolve(stream: ByteStream): void;
  reject(error: unknown): void;
}

/** A listener that joins connections with those who accept them, whichever comes first. */
export class AcceptQueue implements GuestListener {
  readonly port: number;
  readonly #release: () => void;
  readonly #waiters = new Set<Waiter>();
  #backlog: ByteStream[] = [];
  #closed = false;

  /** `release` is called once, when the listener closes. */
  constructor(port: number, release: () => void) {
    this.port = port;
    this.#release = release;
  }

  /** Connections that nobody has accepted yet. */
  get backlog(): readonly ByteStream[] {
    return this.#backlog;
  }

  offer(stream: ByteStream): void {
    const [waiter] = this.#waiters;
    if (waiter === undefined) this.#backlog.push(stream);
    else waiter.resolve(stream);
  }

  accept(options?: { signal?: AbortSignal }): Promise<ByteStream> {
    const signal = options?.signal;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#closed) return reject(this.#closedError());
      const waiting = this.#backlog.shift();
      if (waiting !== undefined) return resolve(waiting);
      const settle = (): void => {
        this.#waiters.delete(waiter);
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter = {
        resolve(stream) {
          settle();
          resolve(stream);
        },
        reject(error) {
          settle();
          reject(error);
        },
      };
      const onAbort = (): void => waiter.reject(signal?.reason);
      signal?.addEventListener("abort", onAbort);
      this.#waiters.add(waiter);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#release();
    for (const waiter of [...this.#waiters]) waiter.reject(this.#closedError());
    for (const stream of this.#backlog) stream.destroy();
    this.#backlog = [];
  }

  #closedError(): Error {
    return unavailable(`the listener on port ${portName(this.port)} is closed; cannot accept`);
  }
}

export function portName(port: number): string {
  return `0x${port.toString(16)}`;
}
