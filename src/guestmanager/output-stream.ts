import type { ByteStream, ByteStreamHandler } from "../sys/byte-stream.ts";

/** Bytes kept for a reader that has not come yet. */
const HOLD_LIMIT = 64 * 1024;

type Event = { readonly data: Uint8Array } | { readonly end: true } | { readonly close: Error | undefined };

/**
 * A guest process's stdout or stderr. The guest holds back the answer to WaitForProcess until we have read each output to
 * its end and half-closed (reference: hcsshim guest, WaitForProcess). So this half-closes by itself at EOF, also for an
 * output that nobody has opened: that of an init which dies before its start.
 */
export class OutputStream implements ByteStream {
  readonly #inner: ByteStream;
  #held: Event[] = [];
  #heldBytes = 0;
  #handler: ByteStreamHandler | undefined;
  #paused = false;
  #scheduled = false;

  constructor(inner: ByteStream) {
    this.#inner = inner;
    inner.open({
      data: (chunk) => this.#take({ data: chunk }),
      end: () => {
        inner.end();
        this.#take({ end: true });
      },
      drain: () => this.#handler?.drain(),
      close: (error) => this.#take({ close: error }),
    });
  }

  open(handler: ByteStreamHandler): void {
    if (this.#handler !== undefined) throw new TypeError("the stream is open already; it opens once");
    this.#handler = handler;
    this.#schedule();
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
    this.#schedule();
    if (this.#held.length === 0) this.#inner.resume();
  }

  undelivered(): Uint8Array {
    return Buffer.concat(this.#held.flatMap((event) => ("data" in event ? [event.data] : [])));
  }

  destroy(error?: Error): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#inner.destroy(error);
  }

  #take(event: Event): void {
    if (this.#handler !== undefined && this.#held.length === 0 && !(this.#paused && !("close" in event))) {
      deliver(this.#handler, event);
      return;
    }
    this.#held.push(event);
    if ("data" in event) this.#heldBytes += event.data.byteLength;
    if (this.#heldBytes >= HOLD_LIMIT) this.#inner.pause();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#handler === undefined || this.#held.length === 0) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#replay();
    });
  }

  /** One event a task: what the handler did meanwhile is seen. */
  #replay(): void {
    const event = this.#held[0];
    if (event === undefined || this.#handler === undefined) return;
    if (this.#paused && !("close" in event)) return;
    this.#held.shift();
    if ("data" in event) this.#heldBytes -= event.data.byteLength;
    if (this.#held.length === 0) this.#inner.resume();
    this.#schedule();
    deliver(this.#handler, event);
  }
}

function deliver(handler: ByteStreamHandler, event: Event): void {
  if ("data" in event) handler.data(event.data);
  else if ("end" in event) handler.end();
  else handler.close(event.close);
}
