import { ShimError } from "../errors/shim-error.ts";
import type { Status } from "../generated/google/rpc.ts";
import { Response } from "../generated/ttrpc.ts";
import { noBytes } from "../generated/wire.ts";
import { encodeFrame, FrameType, headerLength, startFrame } from "./frame.ts";
import type { MessageCodec } from "./service.ts";

/** Messages in and out of payloads, with errors that say which side is at fault. */
export function encodeMessage(codec: MessageCodec<unknown>, message: unknown): Uint8Array {
  if (message === undefined || message === null) throw new ShimError("unknown", "ttrpc: marshal called with nil");
  try {
    return codec.encode(message);
  } catch (error) {
    throw new ShimError("internal", `a message does not fit its type; cannot encode it: ${String(error)}`, {
      cause: error,
    });
  }
}

/** Whoever sent a malformed request is told invalid-argument; a malformed response is the server's fault. */
export function decodeMessage(
  codec: MessageCodec<unknown>,
  payload: Uint8Array,
  what: "request" | "response",
): unknown {
  try {
    return codec.decode(payload);
  } catch (error) {
    const kind = what === "request" ? "invalid-argument" : "internal";
    throw new ShimError(kind, `a ${what} message is malformed; cannot decode it: ${String(error)}`, { cause: error });
  }
}

/**
 * A RESPONSE frame that says OK: the status is left out and the payload is field 2. Made in one piece: this is what
 * nearly every reply is.
 * @throws resource-exhausted above the frame cap.
 */
export function okResponse(streamId: number, payload: Uint8Array): Uint8Array {
  if (payload.length === 0) return encodeFrame(streamId, FrameType.response, 0, noBytes);
  const lengthBytes = varintLength(payload.length);
  const frame = startFrame(streamId, FrameType.response, 0, 1 + lengthBytes + payload.length);
  frame[headerLength] = (2 << 3) | 2;
  let rest = payload.length;
  for (let at = headerLength + 1; at < headerLength + 1 + lengthBytes; at += 1) {
    frame[at] = rest > 127 ? (rest & 127) | 128 : rest;
    rest >>>= 7;
  }
  frame.set(payload, headerLength + 1 + lengthBytes);
  return frame;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length += 1;
  return length;
}

/** Details or a text above the frame cap are cut: an error must always get through. */
export function statusResponse(streamId: number, status: Status): Uint8Array {
  try {
    return encodeFrame(streamId, FrameType.response, 0, Response.encode({ status, payload: noBytes }));
  } catch {
    const cut = { code: status.code, message: status.message.slice(0, 1 << 16), details: [] };
    return encodeFrame(streamId, FrameType.response, 0, Response.encode({ status: cut, payload: noBytes }));
  }
}
