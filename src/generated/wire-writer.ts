const FIRST_LENGTH = 256;

const utf8 = new TextEncoder();

/** Values in protobuf's wire format, one after the other (protobuf encoding specification): the first `pos` bytes. */
export class Writer {
  buf = new Uint8Array(FIRST_LENGTH);
  pos = 0;
  /** Where the messages begin that are being embedded, outermost first. */
  readonly #forks: number[] = [];

  uint32(value: number): this {
    this.#reserve(5);
    this.pos = varint(this.buf, this.pos, value >>> 0);
    return this;
  }

  int32(value: number): this {
    const signed = value | 0;
    if (signed >= 0) return this.uint32(signed);
    // Sign-extended to 64 bits.
    this.#reserve(10);
    const { buf } = this;
    for (let shift = 0; shift < 28; shift += 7) buf[this.pos++] = (signed >>> shift) | 128;
    buf[this.pos++] = (signed >>> 28) | 0xf0;
    buf.fill(0xff, this.pos, this.pos + 4);
    buf[this.pos + 4] = 1;
    this.pos += 5;
    return this;
  }

  sint32(value: number): this {
    return this.uint32((value << 1) ^ (value >> 31));
  }

  bool(value: boolean): this {
    this.#reserve(1);
    this.buf[this.pos++] = value ? 1 : 0;
    return this;
  }

  double(value: number): this {
    this.#reserve(8);
    new DataView(this.buf.buffer, this.pos, 8).setFloat64(0, value, true);
    this.pos += 8;
    return this;
  }

  bytes(value: Uint8Array): this {
    return this.uint32(value.length).raw(value);
  }

  /** A lone surrogate as U+FFFD: Go rejects a whole message for one bad character. */
  string(value: string): this {
    return this.#shortAscii(value) ? this : this.bytes(utf8.encode(value));
  }

  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.buf.set(value, this.pos);
    this.pos += value.length;
    return this;
  }

  /** Begins an embedded message, up to `ldelim`. */
  fork(): this {
    this.#reserve(1);
    this.#forks.push(this.pos);
    this.pos += 1;
    return this;
  }

  ldelim(): this {
    const start = this.#forks.pop() ?? 0;
    const length = this.pos - start - 1;
    // One byte was left for it: most are that short.
    const more = varintLength(length) - 1;
    if (more > 0) {
      this.#reserve(more);
      this.buf.copyWithin(start + 1 + more, start + 1, this.pos);
      this.pos += more;
    }
    varint(this.buf, start, length);
    return this;
  }

  /** Without an encoder's own bytes: most strings are such. False, and nothing written, where this one is not. */
  #shortAscii(value: string): boolean {
    const { length } = value;
    if (length > 127) return false;
    this.#reserve(length + 1);
    const { buf, pos } = this;
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index);
      if (code > 127) return false;
      buf[pos + 1 + index] = code;
    }
    buf[pos] = length;
    this.pos = pos + 1 + length;
    return true;
  }

  #reserve(count: number): void {
    const needed = this.pos + count;
    if (needed <= this.buf.length) return;
    const larger = new Uint8Array(Math.max(needed, this.buf.length * 2));
    larger.set(this.buf.subarray(0, this.pos));
    this.buf = larger;
  }
}

/** Answers where it ends. */
function varint(buf: Uint8Array, pos: number, value: number): number {
  let [at, rest] = [pos, value];
  while (rest > 127) {
    buf[at++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  buf[at] = rest;
  return at + 1;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length += 1;
  return length;
}
