import { unavailable } from "../../errors/shim-error.ts";
import type { StreamClaim, StreamPeer, StreamSource } from "../../stdio/streams.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import type { StreamClaims } from "./stream-table.ts";

/** Of a stream whose output has ended: how long its host may take to end its half. */
const LINGER_MS = 30_000;
const SCHEME = "stream://";

/** Streams that the host has opened, as the stdio of a container's process: each has one client, and ends with it. */
export class StdioStreams implements StreamSource {
  /** Of no file: it tells these streams from others. */
  readonly socketPath = "/agent";
  readonly #streams: StreamClaims;

  constructor(streams: StreamClaims) {
    this.#streams = streams;
  }

  /** `stream://ID`, as nerdbox names a process's stdio, in the form that the stdio of any process has; others as they are. */
  uri(stdio: string): string {
    if (!stdio.startsWith(SCHEME)) return stdio;
    return `ttrpc+unix://${this.socketPath}?streaming_id=${encodeURIComponent(stdio.slice(SCHEME.length))}`;
  }

  claim(id: string): StreamClaim {
    return new StdioStream(this.#streams.claim(id));
  }
}

/** Its end in one direction is the end of the stdin, or of the output, that it carries. */
class StdioStream implements StreamClaim, StreamPeer {
  readonly unread = 0;
  readonly ended: Promise<void>;
  readonly #stream: ByteStream;
  readonly #chunks: Uint8Array[] = [];
  #tellEnded: () => void = () => undefined;
  #wake: () => void = () => undefined;
  #drained: () => void = () => undefined;
  #inputEnded = false;
  #outputEnded = false;
  #finished = false;
  #closed = false;
  #lingering: NodeJS.Timeout | undefined;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    this.ended = new Promise((resolve) => {
      this.#tellEnded = resolve;
    });
    stream.open({
      data: (chunk) => {
        this.#chunks.push(chunk);
        stream.pause();
        this.#wake();
      },
      end: () => {
        this.#inputEnded = true;
        this.#wake();
      },
      drain: () => this.#drained(),
      close: () => this.#close(),
    });
  }

  get attached(): boolean {
    return !this.#finished;
  }

  async peer(): Promise<StreamPeer> {
    if (this.#finished) throw unavailable("the stream is over: nobody else comes to it");
    return this;
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0 && !this.#inputEnded) {
      if (this.#closed) throw unavailable("the stream was reset");
      this.#stream.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#chunks.shift();
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (!this.#closed && !this.#stream.write(bytes) && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    if (this.#closed) throw unavailable("the stream was reset");
    return bytes.length;
  }

  /** The channel keeps what was written in order: it counts as delivered. */
  end(): void {
    this.#outputEnded = true;
    this.#stream.end();
    this.#linger();
    this.#tellEnded();
  }

  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    if (!this.#inputEnded && !this.#outputEnded) {
      this.#stream.destroy();
      return;
    }
    this.#stream.end();
    // What the host still sends is for nobody.
    this.#stream.resume();
    this.#linger();
  }

  linger(): void {}

  release(): void {
    this.finish();
  }

  #linger(): void {
    if (this.#closed) return;
    this.#lingering ??= setTimeout(() => this.#stream.destroy(), LINGER_MS);
  }

  #close(): void {
    clearTimeout(this.#lingering);
    this.#closed = true;
    this.#wake();
    this.#drained();
    this.#tellEnded();
  }
}
