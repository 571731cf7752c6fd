import type { ByteStream } from "../sys/byte-stream.ts";
import type { VmConsole } from "./console.ts";

/** What is kept: enough for a kernel's last words, and no more however much a guest writes. */
const MAX_LINES = 200;
const MAX_LINE = 512;

/**
 * The guest's console: always read, so that the guest never waits for it; the last lines are kept. The guest writes what
 * it likes: a line is cut at its limit, and what is no printable character is shown as "?".
 */
export class GuestConsole implements VmConsole {
  /** Resolves when the console has ended: with its VM. */
  readonly ended: Promise<void>;
  readonly #stream: ByteStream;
  readonly #decoder = new TextDecoder();
  readonly #listeners: Set<(line: string) => void>;
  readonly #attached = new Set<(chunk: Uint8Array) => void>();
  #lines: string[] = [];
  #partial = "";
  #untilPanic: readonly string[] | undefined;

  /** Takes the stream (not open yet) over. `onLine` hears each finished line. */
  constructor(stream: ByteStream, onLine: (line: string) => void) {
    this.#stream = stream;
    this.#listeners = new Set([onLine]);
    this.ended = new Promise((resolve) => {
      stream.open({
        data: (chunk) => {
          this.#take(chunk);
          for (const onBytes of this.#attached) onBytes(chunk);
        },
        end: () => stream.destroy(),
        drain: () => undefined,
        close: () => resolve(),
      });
    });
  }

  close(): void {
    this.#stream.destroy();
  }

  /**
   * The last `count` lines, the unfinished one included. Of a kernel that panicked: those before it did, and what of; its
   * stack trace, which follows, would push out what led there.
   */
  tail(count: number): readonly string[] {
    if (this.#untilPanic !== undefined) return this.#untilPanic.slice(-count);
    return (this.#partial === "" ? this.#lines : [...this.#lines, printable(this.#partial)]).slice(-count);
  }

  follow(count: number, onLine: (line: string) => void): { readonly lines: readonly string[]; stop(): void } {
    this.#listeners.add(onLine);
    return { lines: this.#lines.slice(-count), stop: () => void this.#listeners.delete(onLine) };
  }

  attach(onBytes: (chunk: Uint8Array) => void): { write(chunk: Uint8Array): void; stop(): void } {
    this.#attached.add(onBytes);
    return {
      write: (chunk) => void this.#stream.write(chunk),
      stop: () => void this.#attached.delete(onBytes),
    };
  }

  #take(chunk: Uint8Array): void {
    let rest = this.#partial + this.#decoder.decode(chunk, { stream: true });
    for (;;) {
      const newline = rest.indexOf("\n");
      const end = newline === -1 || newline > MAX_LINE ? MAX_LINE : newline;
      if (newline === -1 && rest.length <= MAX_LINE) break;
      this.#finish(rest.slice(0, end));
      rest = rest.slice(end === newline ? end + 1 : end);
    }
    this.#partial = rest;
  }

  #finish(text: string): void {
    const line = printable(text);
    this.#lines.push(line);
    if (line.includes("Kernel panic - ")) this.#untilPanic ??= this.#lines.slice(-MAX_LINES);
    // In steps: not a copy for each line.
    if (this.#lines.length >= 2 * MAX_LINES) this.#lines = this.#lines.slice(-MAX_LINES);
    for (const tell of this.#listeners) tell(line);
  }
}

/** Of ECMA-48 (CSI, OSC, and escapes of two characters): a firmware clears the screen, and would hide what it was. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL_SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])/g;

/** `printable` for what has no limit of its own: nobody reads an error of a megabyte. */
export function excerpt(text: string): string {
  return printable(text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}...` : text);
}

/** No control sequence, no control character, no line separator, no change of direction: what it says is all that it does. */
export function printable(text: string): string {
  return text
    .replace(CONTROL_SEQUENCES, "")
    .replace(/[\r\s]+$/, "")
    .replace(/\t/g, " ")
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, "?");
}
