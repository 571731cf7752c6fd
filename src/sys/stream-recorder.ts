/** For test suites: everything that a byte stream says, in order. */
import type { ByteStream } from "./byte-stream.ts";

/** Records everything a stream says; `until` waits for an event, never for time. */
export class Recorder {
  readonly chunks: Uint8Array[] = [];
  readonly events: string[] = [];
  error: Error | undefined;
  bytes = 0;
  readonly stream: ByteStream;
  #waiting: { done: () => boolean; resolve: () => void }[] = [];

  constructor(stream: ByteStream, open = true) {
    this.stream = stream;
    if (open) this.open();
  }
  open(): void {
    this.stream.open({
      data: (chunk) => {
        this.chunks.push(chunk);
        this.bytes += chunk.length;
        this.#note("data");
      },
      end: () => this.#note("end"),
      drain: () => this.#note("drain"),
      close: (error) => {
        this.error = error;
        this.#note("close");
      },
    });
  }
  #note(event: string): void {
    if (event !== "data" || this.events.at(-1) !== "data") this.events.push(event);
    this.#waiting = this.#waiting.filter(({ done, resolve }) => {
      if (!done()) return true;
      resolve();
      return false;
    });
  }
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ done, resolve }));
  }
  seen(event: string): Promise<void> {
    return this.until(() => this.events.includes(event));
  }
  text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

/** Bytes that show a loss, a swap or a repeat at any offset. */
export const pattern = (size: number, at = 0) =>
  Uint8Array.from({ length: size }, (_, i) => ((at + i) * 31 + ((at + i) >> 8)) & 255);
