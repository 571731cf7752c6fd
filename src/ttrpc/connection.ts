import { ShimError } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { type Frame, FrameDecoder, type FrameHeader } from "./frame.ts";
import { closedError } from "./status.ts";
import { startTimer } from "./timer.ts";

/** Above this many queued bytes a streaming `send` waits; unary calls and replies do not. */
const highWaterMark = 1 << 20;
/** Frames go out in writes of about this size: one write for all replies of one read, without huge copies. */
const writeSize = 256 << 10;
/** What a peer that does not read may make us hold. */
const defaultMaxQueuedBytes = 64 << 20;
/** How long a peer may take, after we ended our side, to read the rest and end its own. */
const lingerTime = 1000;

export interface ConnectionHandler {
  frame(frame: Frame): void;
  oversize(header: FrameHeader): void;
  /** The connection is over, for both directions. Exactly once; an error unless it ended in good order. */
  closed(error?: ShimError): void;
}

/**
 * Frames over a byte stream. Reading never waits for writing: what the peer does not take is queued, up to a limit at
 * which the connection is given up. A peer that half-closes is gone: ttrpc has no use for a one-way connection.
 */
export class Connection {
  readonly #stream: ByteStream;
  readonly #handler: ConnectionHandler;
  readonly #maxQueuedBytes: number;
  readonly #decoder: FrameDecoder;
  #state: "open" | "closing" | "closed" = "open";
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #blocked = false;
  #reading = false;
  #flushScheduled = false;
  #waiting: (() => void)[] = [];
  #stopLinger: (() => void) | undefined;

  constructor(stream: ByteStream, handler: ConnectionHandler, options: { maxQueuedBytes?: number } = {}) {
    this.#stream = stream;
    this.#handler = handler;
    this.#maxQueuedBytes = options.maxQueuedBytes ?? defaultMaxQueuedBytes;
    this.#decoder = new FrameDecoder({
      frame: (frame) => {
        if (this.#state === "open") this.#handler.frame(frame);
      },
      oversize: (header) => {
        if (this.#state === "open") this.#handler.oversize(header);
      },
    });
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  open(): void {
    this.#stream.open({
      data: (chunk) => this.#data(chunk),
      end: () => this.#peerEnded(),
      drain: () => {
        this.#blocked = false;
        this.#flush();
      },
      close: (error) => this.#gone(error),
    });
  }

  /** Room for a frame of this many bytes without giving up the connection. */
  hasRoom(bytes: number): boolean {
    return this.#queuedBytes + bytes <= this.#maxQueuedBytes;
  }

  /**
   * Queues an encoded frame; frames go out in this order. Those sent while a chunk is being read, or in one turn, share
   * a write. Dropped when the connection is over.
   */
  send(frame: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    if (this.#queuedBytes > this.#maxQueuedBytes) {
      this.#flush();
      if (this.#queuedBytes > this.#maxQueuedBytes) {
        this.destroy(
          new ShimError("resource-exhausted", `the peer has left ${this.#queuedBytes} bytes unread; cannot queue more`),
        );
      }
    } else if (this.#queuedBytes >= writeSize) {
      this.#flush();
    } else if (!this.#reading && !this.#flushScheduled) {
      this.#flushScheduled = true;
      queueMicrotask(() => {
        this.#flushScheduled = false;
        this.#flush();
      });
    }
  }

  /** Resolves when little enough is queued to send more. Rejects when the connection is over. */
  async writable(): Promise<void> {
    while (this.#state === "open" && this.#queuedBytes > highWaterMark) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#state !== "open") throw closedError();
  }

  /** Ends the connection after what is queued. Idempotent. */
  close(): void {
    if (this.#state !== "open") return;
    this.#end();
  }

  /** Ends the connection at once; queued frames are dropped. Idempotent. */
  destroy(error?: ShimError): void {
    if (this.#state === "closed") return;
    const open = this.#state === "open";
    this.#forget();
    this.#stream.destroy(error);
    if (open) this.#tellClosed(error);
  }

  #data(chunk: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#reading = true;
    try {
      this.#decoder.push(chunk);
    } catch (error) {
      this.destroy(ShimError.from(error, "internal"));
    } finally {
      this.#reading = false;
      this.#flush();
    }
  }

  #peerEnded(): void {
    if (this.#state !== "open") return;
    const error = this.#decoder.atBoundary
      ? undefined
      : new ShimError("data-loss", "the connection ended inside a frame (unexpected EOF)");
    this.#end(error);
  }

  #gone(cause: Error | undefined): void {
    const open = this.#state === "open";
    this.#forget();
    if (open) this.#tellClosed(cause === undefined ? undefined : ShimError.from(cause, "unavailable"));
  }

  #forget(): void {
    this.#state = "closed";
    this.#stopLinger?.();
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #tellClosed(error?: ShimError): void {
    this.#wakeWriters();
    this.#handler.closed(error);
  }

  #end(error?: ShimError): void {
    this.#state = "closing";
    this.#stopLinger = startTimer(lingerTime, () => this.#stream.destroy());
    while (this.#queue.length > 0) this.#stream.write(this.#takeBatch());
    this.#stream.end();
    this.#tellClosed(error);
  }

  #flush(): void {
    while (this.#state === "open" && !this.#blocked && this.#queue.length > 0) {
      if (!this.#stream.write(this.#takeBatch())) this.#blocked = true;
    }
    if (this.#queuedBytes <= highWaterMark) this.#wakeWriters();
  }

  #wakeWriters(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** The next frames as one chunk of about `writeSize`; a single frame is passed on without a copy. */
  #takeBatch(): Uint8Array {
    let count = 0;
    let length = 0;
    for (const frame of this.#queue) {
      if (count > 0 && length + frame.length > writeSize) break;
      count += 1;
      length += frame.length;
    }
    this.#queuedBytes -= length;
    const frames = this.#queue.length === count ? this.#queue : this.#queue.slice(0, count);
    this.#queue = this.#queue.length === count ? [] : this.#queue.slice(count);
    const [first] = frames;
    if (count === 1 && first !== undefined) return first;
    const batch = new Uint8Array(length);
    let at = 0;
    for (const frame of frames) {
      batch.set(frame, at);
      at += frame.length;
    }
    return batch;
  }
}
