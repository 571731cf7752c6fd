/** Nested groups that are skipped; more are no message of anybody's. */
const MAX_GROUPS = 100;
/** From this length on a decoder's call is cheaper than a look at each byte. */
const LONG_TEXT = 64;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Values of protobuf's wire format, one after the other (protobuf encoding specification). Throws RangeError where the
 * bytes end within one, Error or TypeError for one that is malformed.
 */
export class Reader {
  readonly buf: Uint8Array;
  readonly len: number;
  pos = 0;

  constructor(bytes: Uint8Array) {
    this.buf = bytes;
    this.len = bytes.length;
  }

  byte(): number {
    const byte = this.buf[this.pos];
    if (byte === undefined) throw new RangeError(`index out of range: ${this.pos} + 1 > ${this.len}`);
    this.pos += 1;
    return byte;
  }

  /** Field number times eight, and the wire type. */
  tag(): number {
    return this.#fiveBytes(15, "tag");
  }

  /** Of a longer varint the lower half, as protobuf asks. */
  uint32(): number {
    const first = this.buf[this.pos];
    if (first !== undefined && first < 128) {
      this.pos += 1;
      return first;
    }
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      if (shift < 32) value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
    throw new Error("invalid varint encoding: more than ten bytes");
  }

  int32(): number {
    return this.uint32() | 0;
  }

  sint32(): number {
    const value = this.uint32();
    return (value >>> 1) ^ -(value & 1);
  }

  bool(): boolean {
    let value = false;
    for (let count = 0; count < 10; count += 1) {
      const byte = this.byte();
      if ((byte & 127) !== 0) value = true;
      if (byte < 128) return value;
    }
    throw new Error("invalid varint encoding: more than ten bytes");
  }

  double(): number {
    const start = this.#take(8);
    return new DataView(this.buf.buffer, this.buf.byteOffset + start, 8).getFloat64(0, true);
  }

  /** Shares memory with what is read. */
  bytes(): Uint8Array {
    const start = this.#take(this.#length());
    return this.buf.subarray(start, this.pos);
  }

  /** Throws TypeError where it is not UTF-8. */
  string(): string {
    const start = this.#take(this.#length());
    const text = this.buf.subarray(start, this.pos);
    if (text.length >= LONG_TEXT || !isAscii(text)) return utf8.decode(text);
    // Without the iterator that spreading bytes takes.
    return Reflect.apply(String.fromCharCode, undefined, text);
  }

  /** Passes over the value of an unknown field. */
  skip(tag: number, depth = 0): void {
    const [field, wireType] = [tag >>> 3, tag & 7];
    if (field === 0) throw new Error("illegal tag: field number 0");
    switch (wireType) {
      case 0:
        while (this.byte() > 127);
        break;
      case 1:
        this.#take(8);
        break;
      case 2:
        this.#take(this.#length());
        break;
      case 3:
        this.#skipGroup(field, depth + 1);
        break;
      case 5:
        this.#take(4);
        break;
      default:
        throw new Error(`invalid wire type ${wireType} at offset ${this.pos}`);
    }
  }

  #skipGroup(field: number, depth: number): void {
    if (depth > MAX_GROUPS) throw new Error(`more than ${MAX_GROUPS} groups within each other`);
    for (let tag = this.tag(); ; tag = this.tag()) {
      if ((tag & 7) !== 4) {
        this.skip(tag, depth);
      } else {
        if (tag >>> 3 !== field) throw new Error(`a group of field ${field} ends with field ${tag >>> 3}`);
        return;
      }
    }
  }

  #length(): number {
    return this.#fiveBytes(7, "length");
  }

  /** A varint of at most five bytes, the fifth at most `last`. */
  #fiveBytes(last: number, what: string): number {
    const first = this.buf[this.pos];
    if (first !== undefined && first < 128) {
      this.pos += 1;
      return first;
    }
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    const byte = this.byte();
    if (byte > last) throw new Error(`invalid ${what} encoding`);
    return (value | (byte << 28)) >>> 0;
  }

  /** Passes over so many bytes; answers where they start. */
  #take(count: number): number {
    const start = this.pos;
    if (start + count > this.len) throw new RangeError(`index out of range: ${start} + ${count} > ${this.len}`);
    this.pos = start + count;
    return start;
  }
}

function isAscii(text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index += 1) if ((text[index] ?? 0) > 127) return false;
  return true;
}
