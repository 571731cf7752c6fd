import { lstatSync, rmSync } from "node:fs";
import { runtime } from "#runtime";
import { alreadyExists } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { SocketServer } from "../sys/runtime.ts";
import { errorCode } from "../sys/sys-error.ts";

/**
 * Listens on a unix socket path, in place of a socket that a killed server left there. Throws already-exists where
 * somebody answers on it, or where it is no socket.
 */
export async function listenOn(path: string, onConnection: (stream: ByteStream) => void): Promise<SocketServer> {
  await freePath(path);
  return await runtime.listen({ path }, onConnection);
}

/** Removes a socket that nobody serves. Throws already-exists as `listenOn`. */
export async function freePath(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket())
    throw alreadyExists(`${path} is there and is no socket; cannot listen on it: name another path`);
  try {
    discard(await runtime.connect(path, { signal: AbortSignal.timeout(2_000) }));
  } catch (error) {
    if (errorCode(error) === "ECONNREFUSED") rmSync(path, { force: true });
    if (errorCode(error) === "ECONNREFUSED" || errorCode(error) === "ENOENT") return;
  }
  throw alreadyExists(`somebody serves ${path}; cannot listen on it: end that one, or name another path`);
}

/** Ends a stream that nobody has opened. */
export function discard(stream: ByteStream): void {
  stream.open({ data: () => undefined, end: () => undefined, drain: () => undefined, close: () => undefined });
  stream.destroy();
}
