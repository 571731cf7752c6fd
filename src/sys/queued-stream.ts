import { failedPrecondition } from "../errors/shim-error.ts";
import type { ByteStream, ByteStreamHandler } from "./byte-stream.ts";
import { SysError } from "./sys-error.ts";

/** What a runtime or an fd can do; QueuedStream makes the contract of ByteStream of it. */
export interface Carrier {
  /** Takes what it can right now and says how much; less than all: `onWritable` follows. Throws SysError (EPIPE). */
  write(bytes: Uint8Array): number;
  /** It took all of the last write but wants no more before `onWritable`: it has a queue of its own. */
  readonly full?: boolean;
  /** Bytes in that queue: nobody can take them back. */
  readonly queued?: number;
  /** Half-close. Called once, after the last write; answers with `onShut` once the peer is sure to see it all. */
  shutdown(): void;
  setReading(on: boolean): void;
  /** Releases the fd. Called exactly once. */
  release(): void;
}

/** Above this many unsent bytes `write` answers false. */
const highWater = 64 * 1024;
/** Small chunks are joined up to this size. */
const joinLimit = 64 * 1024;
/** From here on a chunk is written as it is: a copy costs more than a system call. */
const largeFrom = 16 * 1024;
const EPIPE = 32;
/** For so long what a peer sent that is gone is read on: whoever reads it may wait for the close of this very stream. */
const LINGER_MS = 10_000;

const peerGone = (stream: QueuedStream): Carrier => ({
  write() {
    throw new SysError(EPIPE, "write");
  },
  shutdown: () => stream.onShut(),
  setReading() {},
  release() {},
});

/**
 * The half of a ByteStream that is the same everywhere: an out queue that joins what
 * one turn of the event loop wrote into one system call, events that wait for `open`
 * or `resume`, half-close in each direction, and `close` once and last.
 */
export class QueuedStream implements ByteStream {
  #carrier: Carrier | undefined;
  #handler: ByteStreamHandler | undefined;
  readonly #readable: boolean;
  readonly #writable: boolean;
  readonly #lingerMs: number;

  #out: Uint8Array[] = [];
  #outBytes = 0;
  #flushing = false;
  #blocked = false;
  #held = false;
  #owesDrain = false;
  #ended = false;
  #shutting = false;
  #shut = false;

  #inbox: Uint8Array[] = [];
  #paused = false;
  #reading = true;
  #remoteEnded = false;
  #endDelivered = false;

  #gone = false;
  #error: Error | undefined;
  #writeError: Error | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #discard = false;
  #delivering = false;
  #closed = false;

  constructor(direction: "read" | "write" | "both" = "both", lingerMs = LINGER_MS) {
    this.#lingerMs = lingerMs;
    this.#readable = direction !== "write";
    this.#writable = direction !== "read";
  }

  // --- the carrier's side

  attach(carrier: Carrier): void {
    if (this.#gone) {
      carrier.release();
      return;
    }
    this.#carrier = carrier;
    if (!this.#readable || (this.#paused && this.#handler !== undefined)) this.#setReading(false);
    if (this.#outBytes > 0 || this.#ended) this.#scheduleFlush();
  }

  /** To be called after the owner had its chance to `open` in the same turn: nothing is read for nobody. */
  holdUntilOpen(): void {
    if (this.#handler === undefined) this.#setReading(false);
  }

  onData(chunk: Uint8Array): void {
    if (this.#gone || this.#remoteEnded || !this.#readable) return;
    if (this.#handler !== undefined && !this.#paused && this.#inbox.length === 0) {
      this.#handler.data(chunk);
      return;
    }
    this.#inbox.push(chunk);
    this.#setReading(false);
  }

  /** The peer sent EOF. */
  onEnd(): void {
    if (this.#gone || this.#remoteEnded) return;
    this.#remoteEnded = true;
    this.#setReading(false);
    this.#deliver();
  }

  onShut(): void {
    this.#shut = true;
    this.#finishIfDone();
  }

  onWritable(): void {
    this.#blocked = false;
    this.#flush();
  }

  /** The carrier is gone for good; data that came before it is still delivered. */
  onGone(error?: Error): void {
    if (this.#gone) return;
    // Bun tells of the EOF that completes a close only by closing.
    if (error === undefined && this.#shut) this.#remoteEnded = true;
    if (error === undefined && this.#remoteEnded && this.#writable && !this.#shut && this.#writeError === undefined) {
      // A peer that closed both ways looks the same in every runtime: `end` now, EPIPE only for who goes on writing.
      this.#carrier?.release();
      this.#carrier = peerGone(this);
      if (this.#shutting) this.onShut();
      else this.onWritable();
      return;
    }
    const orderly = error === undefined && (this.#shut || !this.#writable) && (this.#remoteEnded || !this.#readable);
    this.#finish(orderly ? undefined : (error ?? this.#writeError ?? new SysError(EPIPE, "write")), false);
  }

  // --- the owner's side

  open(handler: ByteStreamHandler): void {
    if (this.#handler !== undefined) throw new Error("byte stream is open already; open() is to be called once");
    this.#handler = handler;
    if (this.#inbox.length > 0 || this.#remoteEnded || this.#gone) queueMicrotask(() => this.#deliver());
    else this.#setReading(this.#wantsRead());
  }

  write(chunk: Uint8Array): boolean {
    if (this.#gone || this.#ended || !this.#writable || this.#writeError !== undefined) return false;
    if (chunk.length > 0) {
      this.#out.push(chunk);
      this.#outBytes += chunk.length;
      this.#scheduleFlush();
    }
    if (this.#outBytes < highWater) return true;
    this.#owesDrain = true;
    return false;
  }

  end(): void {
    if (this.#gone || this.#ended) return;
    this.#ended = true;
    if (this.#writable) this.#scheduleFlush();
  }

  pause(): void {
    this.#paused = true;
    this.#setReading(false);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#inbox.length > 0 || this.#remoteEnded || this.#gone) queueMicrotask(() => this.#deliver());
    else this.#setReading(this.#wantsRead());
  }

  destroy(error?: Error): void {
    this.#finish(error, true);
  }

  hold(): Uint8Array {
    const queued = this.#carrier?.queued ?? 0;
    if (queued > 0) {
      throw failedPrecondition(`the runtime is still writing ${queued} bytes of its own; cannot hold them: try again`);
    }
    this.#held = true;
    return Buffer.concat(this.#out);
  }

  release(): void {
    this.#held = false;
    this.#flush();
  }

  undelivered(): Uint8Array {
    return Buffer.concat(this.#inbox);
  }

  // --- inside

  #wantsRead(): boolean {
    return this.#readable && this.#handler !== undefined && !this.#paused && !this.#remoteEnded && !this.#gone;
  }

  #setReading(on: boolean): void {
    if (this.#reading === on || this.#carrier === undefined) return;
    this.#reading = on;
    this.#carrier.setReading(on);
  }

  #scheduleFlush(): void {
    if (this.#flushing || this.#blocked) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const carrier = this.#carrier;
    if (carrier === undefined || this.#gone || this.#held || this.#writeError !== undefined) return;
    try {
      while (this.#outBytes > 0 && !this.#blocked) {
        const chunk = this.#nextChunk();
        const written = carrier.write(chunk);
        this.#outBytes -= written;
        if (written < chunk.length) {
          this.#out.unshift(written === 0 ? chunk : chunk.subarray(written));
          this.#blocked = true;
        } else if (carrier.full === true) this.#blocked = true;
      }
      if (this.#outBytes === 0 && this.#ended && !this.#shutting && this.#writable) {
        this.#shutting = true;
        carrier.shutdown();
      }
    } catch (error) {
      this.#unwritable(SysError.from(error, "write"));
      return;
    }
    if (this.#owesDrain && this.#outBytes < highWater && carrier.full !== true) {
      this.#owesDrain = false;
      if (!this.#ended) this.#handler?.drain();
    }
    this.#finishIfDone();
  }

  /** What a peer sent before it went is still to be read, to its end; then `close` has the error. */
  #unwritable(error: SysError): void {
    if (error.errno !== EPIPE || !this.#readable || this.#remoteEnded) {
      this.#finish(error, false);
      return;
    }
    this.#writeError = error;
    this.#linger = setTimeout(() => this.#finish(error, false), this.#lingerMs);
    this.#linger.unref();
    this.#out = [];
    this.#outBytes = 0;
  }

  #nextChunk(): Uint8Array {
    const first = this.#out[0] ?? new Uint8Array();
    const second = this.#out[1];
    if (second === undefined || first.length >= largeFrom || first.length + second.length > joinLimit) {
      this.#out.shift();
      return first;
    }
    let size = 0;
    let count = 0;
    for (const chunk of this.#out) {
      if (count > 0 && (chunk.length >= largeFrom || size + chunk.length > joinLimit)) break;
      size += chunk.length;
      count++;
    }
    const joined = new Uint8Array(size);
    let at = 0;
    for (const chunk of this.#out.splice(0, count)) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    return joined;
  }

  /** Hands over, in order: held data, end, close. Stops where the handler pauses. */
  #deliver(): void {
    const handler = this.#handler;
    if (handler === undefined || this.#delivering || this.#closed) return;
    this.#delivering = true;
    try {
      while (!this.#paused && !this.#discard) {
        const chunk = this.#inbox.shift();
        if (chunk === undefined) break;
        handler.data(chunk);
      }
      if (this.#remoteEnded && !this.#endDelivered && !this.#paused && !this.#discard && this.#inbox.length === 0) {
        this.#endDelivered = true;
        handler.end();
      }
    } finally {
      this.#delivering = false;
    }
    const held = !this.#discard && (this.#inbox.length > 0 || (this.#remoteEnded && !this.#endDelivered));
    if (this.#gone && !held) {
      this.#closed = true;
      handler.close(this.#error);
      return;
    }
    if (!held) this.#setReading(this.#wantsRead());
    this.#finishIfDone();
  }

  /** Both directions ended in good order: release the fd and say so. */
  #finishIfDone(): void {
    const sent = this.#shut || !this.#writable;
    const received = this.#endDelivered || !this.#readable;
    if ((sent || this.#writeError !== undefined) && received) this.#finish(this.#writeError, false);
  }

  #finish(error: Error | undefined, discard: boolean): void {
    if (discard && !this.#closed) {
      this.#discard = true;
      this.#inbox = [];
    }
    if (!this.#gone) {
      this.#gone = true;
      this.#error = error;
      this.#out = [];
      this.#outBytes = 0;
      clearTimeout(this.#linger);
      this.#carrier?.release();
      this.#carrier = undefined;
    }
    queueMicrotask(() => this.#deliver());
  }
}
