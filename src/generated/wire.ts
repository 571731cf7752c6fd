import { Reader } from "./wire-reader.ts";
import { Writer } from "./wire-writer.ts";

/**
 * What the generated code stands on: this file and its reader and writer are the only ones in this folder that are written
 * by hand. No library: loading protobuf.js was an eighth of what a daemon does before it answers. Wire rules: protobuf
 * encoding specification, proto3.
 */
export type { Reader, Writer };

/** A message's codec. Every message's interface has a constant of the same name with this type. */
export interface MessageType<T extends object> {
  /** Full name: what stands in the type_url of a google.protobuf.Any. */
  readonly typeName: string;
  /** A message with proto3's defaults where `init` says nothing. */
  create(init?: Partial<T>): T;
  encode(message: T): Uint8Array;
  /**
   * `bytes` fields share memory with the input. Unknown fields and fields of an unexpected wire type are skipped.
   * Throws on truncated input, malformed varints and strings that are not UTF-8.
   */
  decode(bytes: Uint8Array): T;
  /** Appends the fields: for messages that embed this one. */
  write(message: T, writer: Writer): void;
  /** Reads fields up to `end` into `message`: an embedded message that comes twice is merged, as protobuf asks. */
  read(reader: Reader, end: number, message: T): T;
}

export const noBytes = new Uint8Array(0);

/** Between two messages; a large one's buffer is not kept. */
let spareWriter: Writer | undefined;
const maxSpareLength = 16 << 10;

export function messageType<T extends object>(
  typeName: string,
  create: () => T,
  write: (message: T, writer: Writer) => void,
  read: (reader: Reader, end: number, message: T) => T,
): MessageType<T> {
  return {
    typeName,
    create: (init) => Object.assign(create(), init),
    encode(message) {
      // Taken for as long as it is used: a message's getter may encode another, and one that throws leaves a torso.
      const writer = spareWriter ?? new Writer();
      spareWriter = undefined;
      writer.pos = 0;
      write(message, writer);
      const bytes = writer.buf.slice(0, writer.pos);
      if (writer.buf.length <= maxSpareLength) spareWriter = writer;
      return bytes;
    },
    decode(bytes) {
      // A node Buffer would hand out Buffers for `bytes` fields, and they compare and print unlike a Uint8Array.
      const plain =
        bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return read(new Reader(plain), plain.length, create());
    },
    write,
    read,
  };
}

/** Reads the length of an embedded message or packed field; returns where it ends. */
export function endOf(reader: Reader, outerEnd: number): number {
  const end = reader.uint32() + reader.pos;
  if (end > outerEnd) throw new RangeError(`index out of range: a field ends at ${end}, what holds it at ${outerEnd}`);
  return end;
}

/** Guards the end of a message: a field must not have run over it. */
export function finish<T>(reader: Reader, end: number, message: T): T {
  if (reader.pos !== end) throw new RangeError(`index out of range: read to ${reader.pos}, the message ends at ${end}`);
  return message;
}

/** A packed repeated field: its length, then values until there are no more. */
export function readPacked(reader: Reader, outerEnd: number, readOne: () => void): void {
  const end = endOf(reader, outerEnd);
  while (reader.pos < end) readOne();
  finish(reader, end, undefined);
}

/**
 * Short strings that were read last. Nearly every string of a call has come before (service, method, id), and a string
 * that is the same object needs no memory and no new hash where it is looked up.
 */
const recentStrings: (string | undefined)[] = new Array<undefined>(256).fill(undefined);
const maxRecentLength = 64;

export function readString(reader: Reader): string {
  const { buf, pos } = reader;
  const length = buf[pos] ?? 0;
  const end = pos + 1 + length;
  // Also where the length has more than one byte: it is above 127 then. An overrun is for the reader to refuse.
  if (length === 0 || length > maxRecentLength || end > reader.len) return reader.string();
  const slot = (length * 7 + at(buf, pos + 1) * 5 + at(buf, pos + 1 + (length >> 1)) * 3 + at(buf, end - 1) * 17) & 255;
  const recent = recentStrings[slot];
  if (recent !== undefined && recent.length === length && isSame(recent, buf, pos + 1)) {
    reader.pos = end;
    return recent;
  }
  const value = reader.string();
  recentStrings[slot] = value;
  return value;
}

/** Of ASCII; another character's bytes are never equal to its code. */
function isSame(text: string, bytes: Uint8Array, from: number): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 127 || code !== bytes[from + index]) return false;
  }
  return true;
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

export function readUint64(reader: Reader): bigint {
  let low = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = reader.byte();
    low += (byte & 127) * 2 ** shift;
    if (byte < 128) return BigInt(low);
  }
  let high = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = reader.byte();
    high += (byte & 127) * 2 ** shift;
    if (byte < 128) return (BigInt(high) << 28n) | BigInt(low);
  }
  let top = reader.byte();
  if (top > 127) {
    const last = reader.byte();
    if (last > 127) throw new RangeError("invalid varint encoding: more than ten bytes");
    top = (top & 127) | ((last & 1) << 7);
  }
  return (BigInt(top) << 56n) | (BigInt(high) << 28n) | BigInt(low);
}

export function readInt64(reader: Reader): bigint {
  return BigInt.asIntN(64, readUint64(reader));
}

/** Both int64 and uint64: two's complement, ten bytes when negative. */
export function writeInt64(writer: Writer, value: bigint): void {
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fffffffn) {
    writer.raw(Uint8Array.of(Number(rest & 127n) | 128));
    rest >>= 7n;
  }
  writer.uint32(Number(rest));
}
