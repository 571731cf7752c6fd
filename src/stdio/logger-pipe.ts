import { runtime } from "#runtime";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { SocketServer } from "../sys/runtime.ts";
import { SysError } from "../sys/sys-error.ts";
import type { Sink } from "./sink-stream.ts";

const EPIPE = 32;

/**
 * A pipe of ours that a logger dials; it alone, once. What comes before it has dialled is dropped: a logger says that it is
 * ready after it has dialled what it reads, and some read stdout alone.
 */
export class LoggerPipe implements Sink {
  readonly path: string;
  /** Resolves when the logger has dialled and closed it again; never, if it doesn't. */
  readonly closed: Promise<void>;
  #server: SocketServer | undefined;
  #stream: ByteStream | undefined;
  #tellClosed: () => void = () => {};
  #drained: () => void = () => {};
  #gone = false;

  private constructor(path: string) {
    this.path = path;
    this.closed = new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
  }

  static async listen(path: string): Promise<LoggerPipe> {
    const pipe = new LoggerPipe(path);
    pipe.#server = await runtime.listen({ path }, (stream) => pipe.#dialled(stream));
    return pipe;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (this.#gone) throw new SysError(EPIPE, "write", this.path);
    if (stream.write(bytes)) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  async end(): Promise<void> {
    this.#stopListening();
    if (this.#stream === undefined) return;
    this.#stream.end();
    await this.closed;
  }

  destroy(): void {
    this.#stopListening();
    this.#stream?.destroy();
  }

  #stopListening(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  #dialled(stream: ByteStream): void {
    if (this.#stream !== undefined) {
      stream.destroy();
      return;
    }
    this.#stream = stream;
    const close = () => {
      this.#gone = true;
      this.#drained();
      this.#tellClosed();
    };
    // A pipe has no halves: its other end is closed.
    stream.open({ data() {}, end: () => stream.destroy(), drain: () => this.#drained(), close });
  }
}
