import { runtime } from "#runtime";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { SocketServer } from "../sys/runtime.ts";
import type { LineSink } from "./logger.ts";

const MAX_PENDING_BYTES = 64 * 1024;
const CLOSE_MS = 500;

/**
 * Lines to whoever dials our pipe: containerd, on Windows (reference: containerd-shim, 1.10). It comes late, stops reading,
 * dies and comes back: a write never blocks and never throws. What nobody takes waits in a bounded queue; beyond that the
 * oldest lines are dropped, and their number is told to the next reader. The last to dial is the one that is written to.
 */
export class PipeSink implements LineSink {
  readonly #maxPendingBytes: number;
  readonly #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #dropped = 0;
  #server: SocketServer | undefined;
  #reader: ByteStream | undefined;
  #full = false;
  #closed = false;
  #onGone: () => void = () => undefined;
  /** Settles once it listens, or can't: then the lines go nowhere. */
  readonly listening: Promise<void>;

  constructor(path: string, options: { readonly maxPendingBytes?: number } = {}) {
    this.#maxPendingBytes = options.maxPendingBytes ?? MAX_PENDING_BYTES;
    this.listening = runtime
      .listen({ path }, (stream) => this.#attach(stream))
      .then((server) => {
        if (this.#closed) server.close();
        else this.#server = server;
      })
      .catch(() => undefined);
  }

  write(line: string): void {
    if (this.#closed) return;
    const bytes = new TextEncoder().encode(line);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#flush();
    while (this.#pendingBytes > this.#maxPendingBytes) {
      this.#pendingBytes -= this.#pending.shift()?.length ?? 0;
      this.#dropped += 1;
    }
  }

  /** Resolves once a reader that is there has all that waited, or is too slow for it; then no more. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#full = false;
    this.#flush();
    this.#closed = true;
    this.#server?.close();
    const reader = this.#reader;
    if (reader === undefined) return;
    reader.end();
    await new Promise<void>((resolve) => {
      this.#onGone = resolve;
      setTimeout(resolve, CLOSE_MS).unref();
    });
    reader.destroy();
  }

  #attach(stream: ByteStream): void {
    this.#reader?.destroy();
    this.#reader = stream;
    this.#full = false;
    const gone = () => {
      if (this.#reader !== stream) return;
      this.#reader = undefined;
      this.#onGone();
    };
    stream.open({
      data: () => undefined,
      end: () => {
        gone();
        stream.destroy();
      },
      drain: () => {
        if (this.#reader !== stream) return;
        this.#full = false;
        this.#flush();
      },
      close: gone,
    });
    this.#flush();
  }

  #flush(): void {
    const reader = this.#reader;
    if (reader === undefined || this.#full) return;
    if (this.#dropped > 0) {
      const time = new Date().toISOString();
      const text = `time="${time}" level=warning msg="the log was blocked, lines are missing" lines=${this.#dropped}\n`;
      this.#dropped = 0;
      this.#full = !reader.write(new TextEncoder().encode(text));
    }
    for (let line = this.#pending[0]; line !== undefined && !this.#full; line = this.#pending[0]) {
      this.#pending.shift();
      this.#pendingBytes -= line.length;
      this.#full = !reader.write(line);
    }
  }
}
