import { ShimError } from "../errors/shim-error.ts";
import { startTimer } from "./timer.ts";

/** Messages that may wait for a reader; Go's number (reference: containerd-shim 2.4, "Buffering"). */
export const queueLimit = 64;
/** How long a queue may stay above the limit before its stream fails. Go's number. */
export const fullGrace = 1000;
/**
 * What may pile up during the grace. Go stops reading the connection meanwhile, which stalls every other stream; we
 * read on, so memory is the limit: four messages of the largest size.
 */
export const queueBytesLimit = 16 << 20;
/** What an empty message counts, so that a flood of them is bounded too. */
const messageOverhead = 64;

/**
 * The payloads of one stream on their way to its reader. Never holds up the connection: a reader that lets more than
 * `queueLimit` messages stand for a second fails its own stream, and only that.
 */
export class ReceiveQueue {
  #messages: Uint8Array[] = [];
  #bytes = 0;
  #end: { readonly error?: ShimError } | undefined;
  #waiting: { resolve(payload: Uint8Array | undefined): void; reject(error: ShimError): void } | undefined;
  #stopGrace: (() => void) | undefined;
  readonly #overflow: (error: ShimError) => void;

  /** `overflow` is called once at most; the owner then ends the stream with that error. */
  constructor(overflow: (error: ShimError) => void) {
    this.#overflow = overflow;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** The error that ended the stream, once it is known. */
  get error(): ShimError | undefined {
    return this.#end?.error;
  }

  push(payload: Uint8Array): void {
    if (this.#end !== undefined) return;
    if (this.#waiting !== undefined) {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting.resolve(payload);
      return;
    }
    this.#messages.push(payload);
    this.#bytes += payload.length + messageOverhead;
    if (this.#messages.length <= queueLimit) return;
    if (this.#bytes > queueBytesLimit) this.#fail(`holds ${this.#bytes} unread bytes`);
    else this.#stopGrace ??= startTimer(fullGrace, () => this.#fail(`was full for ${fullGrace} ms`));
  }

  /** No more messages. What is queued can still be read, unless `discard`. The first call decides. */
  end(error?: ShimError, options: { discard?: boolean } = {}): void {
    if (this.#end !== undefined) return;
    this.#end = error === undefined ? {} : { error };
    this.#stopGrace?.();
    if (options.discard) this.#messages = [];
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) return;
    if (error === undefined) waiting.resolve(undefined);
    else waiting.reject(error);
  }

  next(): Promise<Uint8Array | undefined> {
    const payload = this.#messages.shift();
    if (payload !== undefined) {
      this.#bytes -= payload.length + messageOverhead;
      if (this.#messages.length <= queueLimit) {
        this.#stopGrace?.();
        this.#stopGrace = undefined;
      }
      return Promise.resolve(payload);
    }
    if (this.#end !== undefined) {
      return this.#end.error === undefined ? Promise.resolve(undefined) : Promise.reject(this.#end.error);
    }
    if (this.#waiting !== undefined) {
      return Promise.reject(
        new ShimError("failed-precondition", "a stream is being read; cannot receive: await the receive before it"),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #fail(what: string): void {
    const error = new ShimError(
      "resource-exhausted",
      `a stream's receive queue ${what}; cannot take more: receive faster, or let the application grant windows`,
    );
    this.#overflow(error);
  }
}
