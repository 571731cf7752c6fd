import { unavailable } from "../errors/shim-error.ts";
import type { ByteStream, ByteStreamHandler } from "../sys/byte-stream.ts";

/** Bytes queued towards one end before its writer is told to wait. */
const HIGH_WATER_MARK = 64 * 1024;

/** Two ends of one in-memory connection: what one writes, the other reads. */
export function memoryStreamPair(): [ByteStream, ByteStream] {
  const a = new MemoryStream();
  const b = new MemoryStream();
  a.join(b);
  b.join(a);
  return [a, b];
}

/**
 * Every call to a handler comes from a task of its own, never from inside `write`, `end`, `resume` or `destroy`: a
 * handler may call those of either end without being entered again. `data` comes in a microtask, `drain` in a macrotask:
 * two ends that keep each other busy still let the event loop serve everybody else.
 */
class MemoryStream implements ByteStream {
  #peer: MemoryStream | undefined;
  #handler: ByteStreamHandler | undefined;
  #inbox: Uint8Array[] = [];
  #inboxBytes = 0;
  #paused = false;
  #scheduled = false;
  /** The peer will send no more. */
  #peerEnded = false;
  #endDelivered = false;
  #ended = false;
  /** We were told to wait, and shall hear `drain`. */
  #wantsDrain = false;
  /** No more in either direction; `close` is due or delivered. */
  #closed = false;
  #closeDelivered = false;
  #closeError: Error | undefined;

  join(peer: MemoryStream): void {
    this.#peer = peer;
  }

  open(handler: ByteStreamHandler): void {
    if (this.#handler !== undefined) throw new TypeError("the stream is open already; it opens once");
    this.#handler = handler;
    this.#schedule();
  }

  write(chunk: Uint8Array): boolean {
    const peer = this.#peer;
    if (this.#ended || this.#closed || peer === undefined) return false;
    if (chunk.byteLength > 0) peer.#receive(chunk);
    if (peer.#inboxBytes < HIGH_WATER_MARK) return true;
    this.#wantsDrain = true;
    return false;
  }

  end(): void {
    if (this.#ended || this.#closed) return;
    this.#ended = true;
    this.#wantsDrain = false;
    const peer = this.#peer;
    if (peer !== undefined) {
      peer.#peerEnded = true;
      peer.#schedule();
    }
    this.#schedule();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#schedule();
  }

  destroy(error?: Error): void {
    if (this.#closed) return;
    this.#shut(error ?? unavailable("the stream was destroyed here"));
    const peer = this.#peer;
    if (peer !== undefined) peer.#shut(unavailable("the stream was reset by its other end", error));
  }

  #receive(chunk: Uint8Array): void {
    this.#inbox.push(chunk);
    this.#inboxBytes += chunk.byteLength;
    this.#schedule();
  }

  #shut(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeError = error;
    this.#inbox = [];
    this.#inboxBytes = 0;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#handler === undefined || this.#closeDelivered) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  /** At most one call to the handler, then the next task: what the handler did meanwhile is seen. */
  #deliver(): void {
    const handler = this.#handler;
    if (handler === undefined || this.#closeDelivered) return;
    if (this.#closed) {
      this.#closeDelivered = true;
      handler.close(this.#closeError);
      return;
    }
    if (!this.#paused) {
      const chunk = this.#inbox.shift();
      if (chunk !== undefined) {
        this.#inboxBytes -= chunk.byteLength;
        const peer = this.#peer;
        if (this.#inboxBytes < HIGH_WATER_MARK && peer !== undefined) peer.#drained();
        this.#schedule();
        handler.data(chunk);
        return;
      }
      if (this.#peerEnded && !this.#endDelivered) {
        this.#endDelivered = true;
        this.#schedule();
        handler.end();
        return;
      }
    }
    if (this.#endDelivered && this.#ended) this.#shut(undefined);
  }

  #drained(): void {
    if (!this.#wantsDrain) return;
    this.#wantsDrain = false;
    setImmediate(() => {
      const fullAgain = this.#wantsDrain;
      if (!fullAgain && !this.#closed && !this.#ended) this.#handler?.drain();
    });
  }
}
