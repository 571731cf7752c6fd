import { closeSync, constants, openSync, writeSync } from "node:fs";
import type { LineSink } from "./logger.ts";

/** What waits while the pipe is full or nobody reads: about as much as the pipe itself holds. */
const MAX_PENDING_BYTES = 64 * 1024;
const FULL_RETRY_MS = 100;
const CLOSED_RETRY_MS = 2000;

export interface FifoSinkOptions {
  readonly maxPendingBytes?: number;
  /** How long to leave a full pipe, and a FIFO without a reader, before the next try. */
  readonly fullRetryMs?: number;
  readonly closedRetryMs?: number;
}

/**
 * Lines into the bundle's `log` FIFO, whose reader is containerd (reference: containerd-shim, 1.10). A full pipe, a dead
 * reader and a reader that comes back after a restart are all everyday: a write never blocks and never throws. What finds
 * no room waits in a bounded queue; beyond that the oldest lines are dropped, and their number is told when the log
 * works again.
 */
export class FifoSink implements LineSink {
  readonly #path: string;
  readonly #options: Required<FifoSinkOptions>;
  readonly #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** The queue's head is the rest of a line written in part: dropping it would glue two lines together. */
  #headIsPartial = false;
  #dropped = 0;
  #fd: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(path: string, options: FifoSinkOptions = {}) {
    this.#path = path;
    this.#options = {
      maxPendingBytes: options.maxPendingBytes ?? MAX_PENDING_BYTES,
      fullRetryMs: options.fullRetryMs ?? FULL_RETRY_MS,
      closedRetryMs: options.closedRetryMs ?? CLOSED_RETRY_MS,
    };
  }

  /** Lines lost since the log last worked. */
  get dropped(): number {
    return this.#dropped;
  }

  write(line: string): void {
    if (this.#closed) return;
    const bytes = new TextEncoder().encode(line);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    // While a retry is due the pipe is known to be stuck: asking again at each line would only cost.
    if (this.#timer === undefined) this.#flush();
    this.#dropOldest();
  }

  /** One last try for what waits, then no more. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#closeFd();
  }

  #dropOldest(): void {
    const first = this.#headIsPartial ? 1 : 0;
    while (this.#pendingBytes > this.#options.maxPendingBytes && this.#pending.length > first) {
      const [lost] = this.#pending.splice(first, 1);
      this.#pendingBytes -= lost?.length ?? 0;
      this.#dropped += 1;
    }
  }

  #flush(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#fd ??= openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      if (this.#dropped > 0 && !this.#headIsPartial) this.#tellDropped(this.#fd);
      this.#writePending(this.#fd);
    } catch (error) {
      if (codeOf(error) === "EAGAIN") {
        this.#retryIn(this.#options.fullRetryMs);
      } else {
        // ENXIO: no reader yet; EPIPE: it went; ENOENT: the bundle is gone, or there never was a containerd.
        this.#closeFd();
        this.#headIsPartial = false;
        this.#retryIn(this.#options.closedRetryMs);
      }
    }
  }

  #tellDropped(fd: number): void {
    const time = new Date().toISOString();
    const line = `time="${time}" level=warning msg="the log was blocked, lines are missing" lines=${this.#dropped}\n`;
    // Far below PIPE_BUF: goes in whole or not at all.
    writeSync(fd, line);
    this.#dropped = 0;
  }

  #writePending(fd: number): void {
    for (let head = this.#pending[0]; head !== undefined; head = this.#pending[0]) {
      const written = writeSync(fd, head);
      this.#pendingBytes -= written;
      if (written === head.length) {
        this.#pending.shift();
        this.#headIsPartial = false;
      } else {
        this.#pending[0] = head.subarray(written);
        this.#headIsPartial = true;
      }
    }
  }

  #retryIn(milliseconds: number): void {
    if (this.#closed || this.#pending.length === 0) return;
    this.#timer = setTimeout(() => this.#flush(), milliseconds);
    this.#timer.unref();
  }

  #closeFd(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
