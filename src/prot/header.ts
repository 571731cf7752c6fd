import { invalidArgument } from "../errors/shim-error.ts";

/** Size in bytes of the header that every message starts with. */
export const MESSAGE_HEADER_SIZE = 16;

/** What hcsshim's host reads at most, header included; it ends the bridge for more (reference: hcsshim bridge, framing). */
export const UPSTREAM_HOST_RECEIVE_CAP = 0x1_0000;

/** Correlates a response with its request: u64 on the wire. 0 in notifications. */
export type SequenceId = bigint;

export interface MessageHeader {
  /** A MessageIdentifier, when it is a known one. */
  readonly type: number;
  /** Bytes of the whole message: header and body. */
  readonly size: number;
  readonly id: SequenceId;
}

/** u32 type, u32 size, u64 id, little-endian. */
export function encodeHeader(header: MessageHeader): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_HEADER_SIZE);
  writeHeader(bytes, header);
  return bytes;
}

/** Throws invalid-argument for less than 16 bytes; the values are not checked. */
export function decodeHeader(bytes: Uint8Array): MessageHeader {
  if (bytes.byteLength < MESSAGE_HEADER_SIZE) {
    throw invalidArgument(`a message header has ${MESSAGE_HEADER_SIZE} bytes; got ${bytes.byteLength}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, MESSAGE_HEADER_SIZE);
  return { type: view.getUint32(0, true), size: view.getUint32(4, true), id: view.getBigUint64(8, true) };
}

/** Header and body as one chunk. */
export function encodeFrame(type: number, id: SequenceId, body: Uint8Array): Uint8Array {
  const size = MESSAGE_HEADER_SIZE + body.byteLength;
  const frame = new Uint8Array(size);
  writeHeader(frame, { type, size, id });
  frame.set(body, MESSAGE_HEADER_SIZE);
  return frame;
}

function writeHeader(bytes: Uint8Array, { type, size, id }: MessageHeader): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, MESSAGE_HEADER_SIZE);
  view.setUint32(0, type, true);
  view.setUint32(4, size, true);
  view.setBigUint64(8, id, true);
}
