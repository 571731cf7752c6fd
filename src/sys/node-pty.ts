/** Byte streams over Node's terminals. */
import { ReadStream } from "node:tty";
import type { ByteStream } from "./byte-stream.ts";
import { close, dup, read } from "./libc.ts";
import { SocketCarrier } from "./node-sockets.ts";
import { QueuedStream } from "./queued-stream.ts";
import { errorCode } from "./sys-error.ts";

/**
 * A pty master. When the last slave closes, libuv reports the end (EOF at the hang-up, or EIO) before it has read all,
 * and Node gives up what it has read and not yet handed over: the rest is fetched here, through a second fd that
 * outlives Node's own.
 */
class PtyCarrier extends SocketCarrier {
  readonly #terminal: ReadStream;
  readonly #owner: QueuedStream;
  #rest: number | undefined;

  constructor(fd: number, stream: QueuedStream) {
    const terminal = new ReadStream(fd);
    super(terminal, stream);
    this.#terminal = terminal;
    this.#owner = stream;
    this.#rest = dup(fd);
  }

  /** A pty has no EOF to give, and the other direction goes on. */
  override shutdown(): void {
    this.#owner.onShut();
  }

  override release(): void {
    super.release();
    if (this.#rest !== undefined) close(this.#rest);
    this.#rest = undefined;
  }

  protected override onEnd(): void {
    this.#drain();
    this.#owner.onEnd();
  }

  protected override onError(error: Error): void {
    if (errorCode(error) === "EIO") this.onEnd();
    else super.onError(error);
  }

  #drain(): void {
    for (let chunk = this.#terminal.read(); chunk !== null; chunk = this.#terminal.read()) this.#owner.onData(chunk);
    if (this.#rest === undefined) return;
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let count = read(this.#rest, buffer); count !== undefined && count > 0; count = read(this.#rest, buffer)) {
        this.#owner.onData(buffer.slice(0, count));
      }
    } catch (error) {
      if (errorCode(error) !== "EIO") throw error;
    }
  }
}

export function adoptPty(fd: number, direction: "read" | "write" | "both"): ByteStream {
  const stream = new QueuedStream(direction);
  stream.attach(new PtyCarrier(fd, stream));
  stream.holdUntilOpen();
  return stream;
}
