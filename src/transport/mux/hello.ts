import { MUX_VERSION } from "./limits.ts";

/** What a hello is for; the handshake is SYN, SYN-ACK, GO. ASK is the guest's wish for a SYN. */
export const helloKinds = { syn: 1, synAck: 2, go: 3, ask: 4 } as const;

/** Does the guest know the session of the SYN, or will it begin it with the GO? */
export const sessionAnswers = { none: 0, resumed: 1, fresh: 2 } as const;

/**
 * A frame of the handshake. Ids and nonces are lower-case hex: 32 digits the session, 16 each nonce. `received` counts
 * the sequenced frames of this session that the sender has got.
 */
export interface Hello {
  readonly kind: number;
  readonly answer: number;
  readonly version: number;
  readonly session: string;
  readonly hostNonce: string;
  readonly guestNonce: string;
  readonly received: number;
}

/** Bytes, of every hello. */
export const HELLO_SIZE = 64;

/** How every hello starts: what a receiver hunts for. Its first byte differs from that of a frame and from the flush. */
export const HELLO_MAGIC: Uint8Array = new TextEncoder().encode("uvm-mux\n");

/** No end of it is a beginning of a hello: a cut hello can't be completed by the next one. */
const HELLO_TRAILER = 0xd1c2b3a4;

export const NO_NONCE = "0".repeat(16);
export const NO_SESSION = "0".repeat(32);

export function encodeHello(hello: Partial<Hello> & { readonly kind: number }): Uint8Array {
  const bytes = Buffer.alloc(HELLO_SIZE);
  bytes.set(HELLO_MAGIC);
  bytes[8] = hello.kind;
  bytes[9] = hello.answer ?? sessionAnswers.none;
  bytes.writeUInt16LE(hello.version ?? MUX_VERSION, 10);
  bytes.set(Buffer.from(hello.session ?? NO_SESSION, "hex"), 16);
  bytes.set(Buffer.from(hello.hostNonce ?? NO_NONCE, "hex"), 32);
  bytes.set(Buffer.from(hello.guestNonce ?? NO_NONCE, "hex"), 40);
  bytes.writeBigUInt64LE(BigInt(hello.received ?? 0), 48);
  bytes.writeUInt32LE(HELLO_TRAILER, 60);
  return bytes;
}

/** Undefined for 64 bytes that are no hello: cut, or data that only looks like one. */
export function decodeHello(bytes: Uint8Array): Hello | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength !== HELLO_SIZE || indexOfMagic(view) !== 0 || view.readUInt32LE(60) !== HELLO_TRAILER) {
    return undefined;
  }
  const received = view.readBigUInt64LE(48);
  if (received > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return {
    kind: view.readUInt8(8),
    answer: view.readUInt8(9),
    version: view.readUInt16LE(10),
    session: view.toString("hex", 16, 32),
    hostNonce: view.toString("hex", 32, 40),
    guestNonce: view.toString("hex", 40, 48),
    received: Number(received),
  };
}

/** Where the magic, or at the very end a beginning of it, starts; -1 where neither is. */
export function indexOfMagic(bytes: Uint8Array, from = 0): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = view.indexOf(HELLO_MAGIC, from);
  if (whole !== -1) return whole;
  for (let at = Math.max(from, view.byteLength - HELLO_MAGIC.byteLength + 1); at < view.byteLength; at++) {
    if (view.subarray(at).equals(HELLO_MAGIC.subarray(0, view.byteLength - at))) return at;
  }
  return -1;
}

export function randomHex(bytes: number): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}
