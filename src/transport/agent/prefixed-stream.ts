import { unavailable } from "../../errors/shim-error.ts";
import type { ByteStream, ByteStreamHandler } from "../../sys/byte-stream.ts";

/** The prefix is read by whoever made the stream; what follows belongs to whoever opens it. Opens the inner stream at once. */
export class PrefixedStream implements ByteStream {
  readonly #inner: ByteStream;
  #inbox: Uint8Array = new Uint8Array(0);
  #wanted: { count: number; resolve(bytes: Uint8Array): void; reject(error: Error): void } | undefined;
  #handler: ByteStreamHandler | undefined;
  #paused = false;
  #ended = false;
  #closed: { error: Error | undefined } | undefined;
  #closeDelivered = false;
  #whenClosed: ((error: Error | undefined) => void) | undefined;

  constructor(inner: ByteStream) {
    this.#inner = inner;
    inner.open({
      data: (chunk) => this.#data(chunk),
      end: () => this.#end(),
      drain: () => this.#handler?.drain(),
      close: (error) => this.#close(error),
    });
  }

  /** So many bytes; one call at a time, before `open`. Rejects with unavailable, or the stream's error, when it ends first. */
  readPrefix(count: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#wanted = { count, resolve, reject };
      if (this.#closed !== undefined) this.#failPrefix(this.#closed.error);
      else this.#feedPrefix();
      if (this.#wanted !== undefined) this.#inner.resume();
    });
  }

  /** Called once, when the stream is over before anybody has opened it. */
  onCloseUnopened(listener: (error: Error | undefined) => void): void {
    this.#whenClosed = listener;
    if (this.#closed !== undefined) listener(this.#closed.error);
  }

  open(handler: ByteStreamHandler): void {
    if (this.#handler !== undefined) throw new TypeError("the stream is open already; it opens once");
    this.#handler = handler;
    this.#whenClosed = undefined;
    queueMicrotask(() => this.#deliver());
  }

  write(chunk: Uint8Array): boolean {
    return this.#inner.write(chunk);
  }

  end(): void {
    this.#inner.end();
  }

  pause(): void {
    this.#paused = true;
    this.#inner.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#handler !== undefined) queueMicrotask(() => this.#deliver());
  }

  destroy(error?: Error): void {
    this.#inbox = new Uint8Array(0);
    this.#inner.destroy(error);
  }

  #data(chunk: Uint8Array): void {
    if (this.#handler !== undefined && !this.#paused && this.#inbox.length === 0) {
      this.#handler.data(chunk);
      return;
    }
    // Held, and no more than this: an inner stream delivers nothing while it is paused.
    this.#inbox = this.#inbox.length === 0 ? chunk : Buffer.concat([this.#inbox, chunk]);
    this.#feedPrefix();
  }

  /** Nobody wants more: the inner stream waits for `open`, and its end with it. */
  #feedPrefix(): void {
    const wanted = this.#wanted;
    if (wanted !== undefined && this.#inbox.length >= wanted.count) {
      const bytes = this.#inbox.subarray(0, wanted.count);
      this.#inbox = this.#inbox.subarray(wanted.count);
      this.#wanted = undefined;
      wanted.resolve(bytes);
    }
    if (this.#wanted === undefined) this.#inner.pause();
    else if (this.#ended) this.#failPrefix(undefined);
  }

  #failPrefix(error: Error | undefined): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    wanted?.reject(error ?? unavailable("the stream ended before its greeting was whole"));
  }

  #end(): void {
    this.#ended = true;
    this.#failPrefix(undefined);
    this.#deliver();
  }

  #close(error: Error | undefined): void {
    this.#closed = { error };
    this.#failPrefix(error);
    this.#whenClosed?.(error);
    this.#whenClosed = undefined;
    this.#deliver();
  }

  #deliver(): void {
    const handler = this.#handler;
    if (handler === undefined || this.#closeDelivered) return;
    if (this.#closed !== undefined) {
      this.#closeDelivered = true;
      handler.close(this.#closed.error);
      return;
    }
    if (this.#paused) return;
    const held = this.#inbox;
    this.#inbox = new Uint8Array(0);
    if (held.length > 0) handler.data(held);
    if (this.#paused) return;
    if (this.#ended) {
      this.#ended = false;
      handler.end();
      return;
    }
    this.#inner.resume();
  }
}
