import type { ByteStream } from "../sys/byte-stream.ts";
import { printable } from "./guest-console.ts";

const MAX_ERROR_OUTPUT = 2048;

/** What a process of a VM says on stderr. Always read; only the end is kept. */
export class ErrorOutput {
  readonly ended: Promise<void>;
  readonly #stream: ByteStream | undefined;
  #text = "";

  constructor(stream: ByteStream | undefined) {
    this.#stream = stream;
    this.ended = new Promise((resolve) => {
      if (stream === undefined) return resolve();
      stream.open({
        data: (chunk) => {
          this.#text = (this.#text + Buffer.from(chunk).toString("latin1")).slice(-MAX_ERROR_OUTPUT);
        },
        end: () => undefined,
        drain: () => undefined,
        close: () => resolve(),
      });
    });
  }

  /** In one line that does nothing but say it. */
  get text(): string {
    return this.#text.trim().split("\n").map(printable).join("; ");
  }

  close(): void {
    this.#stream?.destroy();
  }
}
