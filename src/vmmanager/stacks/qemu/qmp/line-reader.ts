import { ShimError } from "../../../../errors/shim-error.ts";

const NEWLINE = 0x0a;

/** Cuts bytes into lines (LF; the CR before it is white space to JSON), without holding more than `maxLine` bytes of one. */
export class LineReader {
  readonly #maxLine: number;
  readonly #onLine: (line: string) => void;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(maxLine: number, onLine: (line: string) => void) {
    this.#maxLine = maxLine;
    this.#onLine = onLine;
  }

  /** Throws data-loss for a line that is too long or no UTF-8, and what `onLine` throws; it is of no use after that. */
  push(chunk: Uint8Array): void {
    let rest = chunk;
    for (let at = rest.indexOf(NEWLINE); at !== -1; at = rest.indexOf(NEWLINE)) {
      this.#hold(rest.subarray(0, at));
      rest = rest.subarray(at + 1);
      const bytes = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#length = 0;
      this.#onLine(this.#decode(bytes));
    }
    if (rest.byteLength > 0) this.#hold(rest);
  }

  #hold(part: Uint8Array): void {
    this.#length += part.byteLength;
    if (this.#length > this.#maxLine) {
      throw new ShimError("data-loss", `QEMU sent a line of more than ${this.#maxLine} bytes; cannot read it`);
    }
    this.#parts.push(part);
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes);
    } catch (cause) {
      throw new ShimError("data-loss", "QEMU sent a line that is no UTF-8; cannot read it", { cause });
    }
  }
}
