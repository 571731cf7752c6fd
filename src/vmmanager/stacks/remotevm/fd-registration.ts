import { setTimeout as sleep } from "node:timers/promises";
import { ShimError, unavailable } from "../../../errors/shim-error.ts";
import { close, read } from "../../../sys/libc.ts";
import { connectUnix, sendFds } from "../../../sys/libc-socket.ts";
import { whenReady } from "../../../sys/signal-poller.ts";
import { excerpt } from "../../guest-console.ts";

/** 0xfd tells the service this protocol from ttrpc and gRPC; the last byte is its revision. Then 32 bits of features. */
const HANDSHAKE = Uint8Array.of(0xfd, 0x46, 0x44, 0x01, 0, 0, 0, 0);
const REGISTER = 1;
const FULL_MS = 10;
const GREETING_MS = 5_000;

/**
 * A file descriptor of ours under a name in the service (OpenVMM's fd-passing protocol, revision 1): what is added by that
 * name gets a copy of it. `forget` ends the name; the copies live on. The fd stays the caller's.
 */
export async function registerFd(
  socketPath: string,
  name: string,
  fd: number,
  options: { readonly signal: AbortSignal },
): Promise<{ forget(): void }> {
  const connection = connectUnix(socketPath);
  try {
    await send(connection, HANDSHAKE, [], options);
    await greeting(connection, name, options);
    const bytes = Buffer.from(name);
    await send(connection, Buffer.concat([Uint8Array.of(REGISTER, bytes.length), bytes]), [fd], options);
    const answer = await receive(connection, 3, options);
    const words = (await receive(connection, answer.readUInt16LE(1), options)).toString();
    if (answer[0] !== 0) {
      throw new ShimError("internal", `the service has refused file descriptor ${name}: ${excerpt(words)}`);
    }
    return { forget: () => close(connection) };
  } catch (error) {
    close(connection);
    throw error;
  }
}

/** One that speaks ttrpc alone may wait for the rest of what looks like a frame to it. */
async function greeting(connection: number, what: string, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  const limit = AbortSignal.timeout(GREETING_MS);
  try {
    const theirs = await receive(connection, HANDSHAKE.length, { signal: AbortSignal.any([limit, signal]) });
    if (theirs.subarray(0, 4).equals(HANDSHAKE.subarray(0, 4))) return;
  } catch (error) {
    if (!limit.aborted) throw error;
  }
  throw new ShimError("unimplemented", `the service takes no file descriptors; cannot pass ${what}`);
}

/** Messages of a few bytes to a socket that had nothing in it: whole, or not at all. */
async function send(
  socket: number,
  bytes: Uint8Array,
  fds: readonly number[],
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  while (!sendFds(socket, bytes, fds)) await sleep(FULL_MS, undefined, { signal });
}

async function receive(socket: number, count: number, options: { readonly signal: AbortSignal }): Promise<Buffer> {
  const bytes = Buffer.alloc(count);
  for (let at = 0; at < count; ) {
    await whenReady(socket, "readable", options);
    const got = read(socket, bytes.subarray(at));
    if (got === 0)
      throw unavailable("the service has hung up on a file descriptor: it takes none (fd-passing protocol)");
    at += got ?? 0;
  }
  return bytes;
}
