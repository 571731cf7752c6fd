import { invalidArgument, ShimError } from "../../errors/shim-error.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { PrefixedStream } from "./prefixed-stream.ts";

/**
 * How a stream gets its name (nerdbox's own bytes): the host sends the length, u32 big-endian, and the id; the guest sends
 * the id back in the same form, or a sentence that says why not, and ends. From there on the bytes are the users'.
 */

const LENGTH_BYTES = 4;
/** Of an id, and of the sentence in its place. */
export const MAX_GREETING_BYTES = 1024;

/** Throws invalid-argument for an empty text, or one above MAX_GREETING_BYTES. */
export function encodeGreeting(text: string): Uint8Array {
  const bytes = Buffer.from(text, "utf8");
  checkLength(bytes.length);
  const greeting = Buffer.alloc(LENGTH_BYTES + bytes.length);
  greeting.writeUInt32BE(bytes.length, 0);
  greeting.set(bytes, LENGTH_BYTES);
  return greeting;
}

export interface Greeted {
  readonly text: string;
  /** What follows; nothing is delivered before its `open`. */
  readonly stream: PrefixedStream;
}

/**
 * Opens the stream and reads a greeting. `begun` is called with its first byte. Rejects, and destroys the stream:
 * invalid-argument for what is no greeting, unavailable where the peer ends before, or with the signal's reason.
 */
export async function readGreeting(
  stream: ByteStream,
  options: { signal?: AbortSignal; begun?: () => void } = {},
): Promise<Greeted> {
  const { signal, begun } = options;
  const prefixed = new PrefixedStream(stream);
  const abort = (): void => prefixed.destroy(ShimError.from(signal?.reason, "canceled"));
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  try {
    const first = await prefixed.readPrefix(1);
    begun?.();
    const length = Buffer.concat([first, await prefixed.readPrefix(LENGTH_BYTES - 1)]).readUInt32BE(0);
    checkLength(length);
    const text = decodeText(await prefixed.readPrefix(length));
    return { text, stream: prefixed };
  } catch (error) {
    prefixed.destroy(ShimError.from(error));
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/**
 * The host's side: names a connection that the guest has dialled. Rejects, and destroys it: failed-precondition with the
 * guest's sentence where it refuses the id, else as `readGreeting`.
 */
export async function nameStream(
  connection: ByteStream,
  id: string,
  options: { signal?: AbortSignal } = {},
): Promise<ByteStream> {
  connection.write(encodeGreeting(id));
  const { text, stream } = await readGreeting(connection, options);
  if (text === id) return stream;
  const refused = new ShimError("failed-precondition", `the guest refused stream "${id}": ${text}`);
  stream.destroy(refused);
  throw refused;
}

function checkLength(length: number): void {
  if (length > 0 && length <= MAX_GREETING_BYTES) return;
  throw invalidArgument(`a stream's id has ${length} bytes: use 1 to ${MAX_GREETING_BYTES}`);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw invalidArgument("a stream's id is not UTF-8: use text", error);
  }
}
