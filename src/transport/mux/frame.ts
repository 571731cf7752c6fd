import { decodeHello, HELLO_MAGIC, HELLO_SIZE, type Hello, indexOfMagic } from "./hello.ts";
import { MAX_PAYLOAD } from "./limits.ts";

/** Types of frames. All but ACK are sequenced: numbered, kept until acknowledged, replayed after a break. */
export const frameTypes = { open: 1, accept: 2, refuse: 3, data: 4, fin: 5, credit: 6, close: 7, ack: 8 } as const;

/** The payload of CLOSE: why an end sends no more on a channel. Both halves ended, or it gave the channel up. */
export const closeCodes = { orderly: 0, aborted: 1 } as const;

/** The payload of REFUSE: why a dial failed. */
export const refuseCodes = { nobodyListens: 1, tooMany: 2 } as const;

/** `seq` and `ack` are the low 32 bits of counters. An ACK has neither channel, seq nor payload. */
export interface Frame {
  readonly type: number;
  readonly channel: number;
  readonly seq: number;
  /** Sequenced frames that the sender has received so far. */
  readonly ack: number;
  /** Owned by the receiver. */
  readonly payload: Uint8Array;
}

const FRAME_MAGIC = 0xa7;
const HEADER_SIZE = 16;
const TRAILER_SIZE = 4;
const TRAILER = 0x7c5ac33a;

/** Header and trailer of a frame, in bytes. */
export const FRAME_OVERHEAD = HEADER_SIZE + TRAILER_SIZE;
/** What one frame of data carries at most: the driver of a virtio-serial port takes 32 KiB in one go, so that such a frame is one. */
export const DATA_PAYLOAD = MAX_PAYLOAD - FRAME_OVERHEAD;
/** The longest frame, and the length of a flush. */
export const MAX_FRAME = MAX_PAYLOAD + FRAME_OVERHEAD;

/**
 * What goes before a SYN: fills up any frame that a break has cut (its trailer is then wrong), and can start nothing.
 * A new one each time: a stream owns what it is given.
 */
export function flushBytes(): Uint8Array {
  return new Uint8Array(MAX_FRAME).fill(0xff);
}

export function encodeFrame({ type, channel, seq, ack, payload }: Frame): Uint8Array {
  const bytes = unfilled(FRAME_OVERHEAD + payload.byteLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint8(0, FRAME_MAGIC);
  view.setUint8(1, type);
  view.setUint16(2, payload.byteLength, true);
  view.setUint32(4, channel, true);
  view.setUint32(8, seq, true);
  view.setUint32(12, ack, true);
  bytes.set(payload, HEADER_SIZE);
  view.setUint32(HEADER_SIZE + payload.byteLength, TRAILER, true);
  return bytes;
}

/** Memory of its own, every byte of which its user writes before anybody reads: in an emulated guest zeros cost as much as a copy. */
function unfilled(length: number): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer, byteOffset, length);
}

/** The bytes are no frames: cut by a break of the carrier, or garbage. Their receiver knows which of the two it can be. */
export class FramingError extends Error {
  override readonly name = "FramingError";
}

export type Item =
  | { readonly kind: "frame"; readonly frame: Frame }
  | { readonly kind: "hello"; readonly hello: Hello };

/**
 * Cuts the bytes of a carrier into frames and hellos. It starts hunting: skips everything but a hello. `framed()` and
 * `hunt()` change that between two items, in the middle of a chunk too. The length is checked before the payload is
 * allocated; nothing of a frame is told before its trailer has proved that it is whole.
 */
export class FrameReader {
  #hunting = true;
  #chunk: Uint8Array = new Uint8Array(0);
  /** Hunting: what may be the start of a hello. Framed: unused. */
  #carry: Uint8Array = new Uint8Array(0);
  readonly #head = new Uint8Array(HELLO_SIZE);
  #headFilled = 0;
  #body: Uint8Array | undefined;
  #bodyFilled = 0;
  /** Bytes skipped since the hunt began. */
  skipped = 0;

  hunt(): void {
    this.#reset();
    this.#hunting = true;
  }

  framed(): void {
    this.#reset();
    this.#hunting = false;
  }

  /** The next bytes; `next` must have answered undefined since the last ones. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
  }

  /** For a new carrier: what is left of the old one is forgotten. */
  clear(): void {
    this.#chunk = new Uint8Array(0);
    this.hunt();
  }

  /** Undefined when more bytes are needed. Throws FramingError; the reader is good for `hunt` afterwards. */
  next(): Item | undefined {
    return this.#hunting ? this.#nextHello() : this.#nextFramed();
  }

  #reset(): void {
    this.#carry = new Uint8Array(0);
    this.#headFilled = 0;
    this.#body = undefined;
    this.#bodyFilled = 0;
    this.skipped = 0;
  }

  #nextHello(): Item | undefined {
    if (this.#chunk.byteLength === 0) return undefined;
    const bytes = this.#carry.byteLength === 0 ? this.#chunk : Buffer.concat([this.#carry, this.#chunk]);
    for (let from = 0; ; from++) {
      const at = indexOfMagic(bytes, from);
      const left = at === -1 ? 0 : bytes.byteLength - at;
      if (left < HELLO_SIZE) {
        this.#skip(at === -1 ? bytes.byteLength : at);
        this.#carry = bytes.slice(bytes.byteLength - left);
        this.#chunk = new Uint8Array(0);
        return undefined;
      }
      const hello = decodeHello(bytes.subarray(at, at + HELLO_SIZE));
      if (hello !== undefined) {
        this.#skip(at);
        this.#carry = new Uint8Array(0);
        this.#chunk = bytes.subarray(at + HELLO_SIZE);
        return { kind: "hello", hello };
      }
      from = at;
    }
  }

  #skip(count: number): void {
    this.skipped += count;
  }

  #nextFramed(): Item | undefined {
    while (this.#chunk.byteLength > 0) {
      if (this.#body !== undefined) {
        this.#bodyFilled += this.#fill(this.#body, this.#bodyFilled, this.#body.byteLength);
        if (this.#bodyFilled === this.#body.byteLength) return { kind: "frame", frame: this.#finish(this.#body) };
        continue;
      }
      const first = this.#headFilled === 0 ? this.#chunk[0] : this.#head[0];
      if (first !== FRAME_MAGIC && first !== HELLO_MAGIC[0]) {
        // Not taken: a hunt may find its hello right here.
        throw new FramingError(`a frame starts with the byte 0x${first?.toString(16)}`);
      }
      const size = first === FRAME_MAGIC ? HEADER_SIZE : HELLO_SIZE;
      this.#headFilled += this.#fill(this.#head, this.#headFilled, size);
      if (this.#headFilled < size) continue;
      if (first === FRAME_MAGIC) {
        this.#startBody();
        continue;
      }
      this.#headFilled = 0;
      const hello = decodeHello(this.#head);
      if (hello === undefined) throw new FramingError("a hello is damaged");
      return { kind: "hello", hello };
    }
    return undefined;
  }

  #fill(target: Uint8Array, filled: number, size: number): number {
    const taken = Math.min(size - filled, this.#chunk.byteLength);
    target.set(this.#chunk.subarray(0, taken), filled);
    this.#chunk = this.#chunk.subarray(taken);
    return taken;
  }

  #headView(): DataView {
    return new DataView(this.#head.buffer);
  }

  #startBody(): void {
    const length = this.#headView().getUint16(2, true);
    if (length > MAX_PAYLOAD) {
      throw new FramingError(`a frame claims a payload of ${length} bytes; allowed are ${MAX_PAYLOAD}`);
    }
    this.#body = unfilled(length + TRAILER_SIZE);
    this.#bodyFilled = 0;
  }

  #finish(body: Uint8Array): Frame {
    this.#headFilled = 0;
    this.#body = undefined;
    const length = body.byteLength - TRAILER_SIZE;
    if (new DataView(body.buffer, body.byteOffset).getUint32(length, true) !== TRAILER) {
      throw new FramingError("a frame has no valid end: it was cut or overwritten");
    }
    const head = this.#headView();
    return {
      type: head.getUint8(1),
      channel: head.getUint32(4, true),
      seq: head.getUint32(8, true),
      ack: head.getUint32(12, true),
      payload: body.subarray(0, length),
    };
  }
}
