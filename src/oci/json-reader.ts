import { invalidArgument, type ShimError } from "../errors/shim-error.ts";

/** Nesting beyond this is an attack or an accident: no OCI document comes near. */
export const MAX_DEPTH = 512;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259 forbids exactly these inside a string.
const NOT_PLAIN = /[\\\u0000-\u001f]/;

/** The slow path of `parseJson`: RFC 8259 with exact integers and positions in its errors. */
export class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#error("unexpected text after the value");
    return value;
  }

  #value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw this.#error(`nested deeper than ${MAX_DEPTH} levels`);
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case undefined:
        throw this.#error("unexpected end");
      case "{":
        return this.#object(depth);
      case "[":
        return this.#array(depth);
      case '"':
        return this.#string();
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    this.#at += 1;
    if (this.#punctuation("}")) return members;
    for (;;) {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') throw this.#error('expected a member name in "');
      const name = this.#string();
      if (!this.#punctuation(":")) throw this.#error(`expected ":" after ${JSON.stringify(name)}`);
      const value = this.#value(depth + 1);
      // Plain assignment of "__proto__" would set the prototype instead of a member; of all others this is the slow way.
      if (name === "__proto__") {
        Object.defineProperty(members, name, { value, writable: true, enumerable: true, configurable: true });
      } else {
        members[name] = value;
      }
      if (this.#punctuation("}")) return members;
      if (!this.#punctuation(",")) throw this.#error('expected "," or "}"');
    }
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = [];
    this.#at += 1;
    if (this.#punctuation("]")) return items;
    for (;;) {
      items.push(this.#value(depth + 1));
      if (this.#punctuation("]")) return items;
      if (!this.#punctuation(",")) throw this.#error('expected "," or "]"');
    }
  }

  #string(): string {
    const end = this.#stringEnd();
    const token = this.#text.slice(this.#at, end);
    try {
      const value = NOT_PLAIN.test(token) ? String(JSON.parse(token)) : token.slice(1, -1);
      this.#at = end;
      return value;
    } catch {
      throw this.#badString();
    }
  }

  /** Behind the closing quote. No pattern: those of the runtimes give up on strings of a few megabytes. */
  #stringEnd(): number {
    for (let from = this.#at + 1; ; ) {
      const quote = this.#text.indexOf('"', from);
      if (quote < 0) throw this.#badString();
      let backslashes = 0;
      while (this.#text[quote - 1 - backslashes] === "\\") backslashes += 1;
      if (backslashes % 2 === 0) return quote + 1;
      from = quote + 1;
    }
  }

  #badString(): ShimError {
    return this.#error("a string has no end, or a bad escape or control character");
  }

  #number(): number | bigint {
    NUMBER.lastIndex = this.#at;
    if (!NUMBER.test(this.#text)) throw this.#error(`unexpected ${JSON.stringify(this.#text[this.#at])}`);
    const token = this.#text.slice(this.#at, NUMBER.lastIndex);
    this.#at = NUMBER.lastIndex;
    const value = Number(token);
    // Also integers: a million digits are seconds of a bigint's arithmetic, and nobody's number.
    if (!Number.isFinite(value)) throw this.#error(`number ${token.slice(0, 40)} is out of range`, token.length);
    return Number.isSafeInteger(value) || !/^-?\d+$/.test(token) ? value : BigInt(token);
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#error(`expected ${word}`);
    this.#at += word.length;
    return value;
  }

  #punctuation(mark: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      switch (this.#text.charCodeAt(this.#at)) {
        case 0x20:
        case 0x09:
        case 0x0a:
        case 0x0d:
          this.#at += 1;
          break;
        default:
          return;
      }
    }
  }

  #error(what: string, back = 0): ShimError {
    const before = this.#text.slice(0, this.#at - back).split("\n");
    const column = (before.at(-1)?.length ?? 0) + 1;
    return invalidArgument(`not JSON: ${what} at line ${before.length}, column ${column}`);
  }
}
