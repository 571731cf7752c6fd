import { ShimError } from "../errors/shim-error.ts";

/**
 * The frame codec: pure, no I/O. A frame is a header of ten bytes, big-endian
 * (u32 payload length, u32 stream id, u8 type, u8 flags), then the payload.
 * Source: ttrpc PROTOCOL.md; reference: containerd-shim 2.1.
 */
export const headerLength = 10;

/** 4 MiB, for the payload of every type: it bounds the encoded Request or Response, not the message inside. */
export const maxPayloadLength = 4 << 20;

export const FrameType = { request: 1, response: 2, data: 3 } as const;

export const FrameFlags = {
  none: 0,
  /** The sender sends no more on this stream. */
  remoteClosed: 1,
  /** The sender will send more on this stream. */
  remoteOpen: 2,
  /** The payload is empty on purpose: there is no message in this frame. */
  noData: 4,
} as const;

export interface FrameHeader {
  readonly payloadLength: number;
  readonly streamId: number;
  /** Not checked: the receiver ignores types that it does not know. */
  readonly type: number;
  readonly flags: number;
}

export interface Frame extends FrameHeader {
  /** May share memory with the chunk that brought it. */
  readonly payload: Uint8Array;
}

export interface FrameSink {
  frame(frame: Frame): void;
  /** A header announced more than the cap. Its payload is being discarded; the frames after it come as usual. */
  oversize(header: FrameHeader): void;
}

export function oversizeError(length: number): ShimError {
  return new ShimError(
    "resource-exhausted",
    `message length ${length} exceed maximum message size of ${maxPayloadLength}`,
  );
}

/** @throws resource-exhausted when the payload is above the cap. */
export function encodeFrame(streamId: number, type: number, flags: number, payload: Uint8Array): Uint8Array {
  const frame = startFrame(streamId, type, flags, payload.length);
  frame.set(payload, headerLength);
  return frame;
}

/**
 * A frame whose payload the caller fills in, from `headerLength` on.
 * @throws resource-exhausted when the payload is above the cap.
 */
export function startFrame(streamId: number, type: number, flags: number, payloadLength: number): Uint8Array {
  if (payloadLength > maxPayloadLength) throw oversizeError(payloadLength);
  const frame = new Uint8Array(headerLength + payloadLength);
  writeUint32(frame, 0, payloadLength);
  writeUint32(frame, 4, streamId);
  frame[8] = type;
  frame[9] = flags;
  return frame;
}

/**
 * Cuts a byte stream into frames, however it was chunked. Memory is bounded by what has arrived, not by what a header
 * announces: a length above the cap allocates nothing, one below it only as its bytes come in.
 */
export class FrameDecoder {
  readonly #sink: FrameSink;
  readonly #header = new Uint8Array(headerLength);
  #headerFilled = 0;
  #current: FrameHeader | undefined;
  #payload: Uint8Array = noBytes;
  #payloadFilled = 0;
  #discard = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** True between frames: an end of the stream here is a clean one. */
  get atBoundary(): boolean {
    return this.#headerFilled === 0 && this.#current === undefined && this.#discard === 0;
  }

  push(received: Uint8Array): void {
    // A runtime's Buffer becomes plain here, once a read: each message in it would need it otherwise, and its views cost more.
    const chunk =
      received.constructor === Uint8Array
        ? received
        : new Uint8Array(received.buffer, received.byteOffset, received.byteLength);
    let at = 0;
    while (at < chunk.length) {
      if (this.#discard > 0) at += this.#skip(chunk.length - at);
      else if (this.#current !== undefined) at += this.#fillPayload(this.#current, chunk, at);
      else at += this.#fillHeader(chunk, at);
    }
  }

  #skip(available: number): number {
    const skipped = Math.min(this.#discard, available);
    this.#discard -= skipped;
    return skipped;
  }

  #fillHeader(chunk: Uint8Array, at: number): number {
    const whole = this.#headerFilled === 0 && chunk.length - at >= headerLength;
    if (whole) {
      this.#begin(readHeader(chunk, at));
      return headerLength;
    }
    const taken = Math.min(headerLength - this.#headerFilled, chunk.length - at);
    this.#header.set(chunk.subarray(at, at + taken), this.#headerFilled);
    this.#headerFilled += taken;
    if (this.#headerFilled === headerLength) {
      this.#headerFilled = 0;
      this.#begin(readHeader(this.#header, 0));
    }
    return taken;
  }

  #begin(header: FrameHeader): void {
    if (header.payloadLength > maxPayloadLength) {
      this.#discard = header.payloadLength;
      this.#sink.oversize(header);
    } else if (header.payloadLength === 0) {
      this.#finish(header, noBytes);
    } else {
      this.#current = header;
      this.#payloadFilled = 0;
    }
  }

  #fillPayload(header: FrameHeader, chunk: Uint8Array, at: number): number {
    const missing = header.payloadLength - this.#payloadFilled;
    const available = chunk.length - at;
    if (this.#payloadFilled === 0 && available >= missing) {
      this.#finish(header, chunk.subarray(at, at + missing));
      return missing;
    }
    const taken = Math.min(missing, available);
    this.#reserve(this.#payloadFilled + taken, header.payloadLength);
    this.#payload.set(chunk.subarray(at, at + taken), this.#payloadFilled);
    this.#payloadFilled += taken;
    if (taken === missing) this.#finish(header, this.#payload.subarray(0, header.payloadLength));
    return taken;
  }

  #reserve(needed: number, payloadLength: number): void {
    if (this.#payload.length >= needed) return;
    const grown = new Uint8Array(Math.min(payloadLength, Math.max(needed, this.#payload.length * 2)));
    grown.set(this.#payload.subarray(0, this.#payloadFilled));
    this.#payload = grown;
  }

  #finish(header: FrameHeader, payload: Uint8Array): void {
    this.#current = undefined;
    this.#payload = noBytes;
    this.#payloadFilled = 0;
    const { payloadLength, streamId, type, flags } = header;
    this.#sink.frame({ payloadLength, streamId, type, flags, payload });
  }
}

const noBytes = new Uint8Array(0);

function readHeader(bytes: Uint8Array, at: number): FrameHeader {
  return {
    payloadLength: readUint32(bytes, at),
    streamId: readUint32(bytes, at + 4),
    type: bytes[at + 8] ?? 0,
    flags: bytes[at + 9] ?? 0,
  };
}

function readUint32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  const low = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
  return ((high << 16) | low) >>> 0;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
