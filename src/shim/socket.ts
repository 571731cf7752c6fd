import { rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { ShimError, unavailable } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { withDirectoryLock } from "../sys/directory-lock.ts";
import type { Runtime } from "../sys/runtime.ts";
import { isServed } from "./probe.ts";

type SocketRuntime = Pick<Runtime, "connect" | "listen">;

export interface ClaimOptions {
  readonly runtime: SocketRuntime;
  readonly path: string;
  readonly onConnection: (stream: ByteStream) => void;
  /** Runs while the lock is still held: what must never be seen beside another daemon's socket. */
  readonly onBound: () => void;
}

/** The socket of this pod, ours until `release`. */
export interface Claim {
  /**
   * Stops listening and removes the socket, unless it is another's by now; `whileLocked` runs before any successor can
   * bind. Open connections live on. Idempotent.
   */
  release(whileLocked: () => void | Promise<void>): Promise<void>;
}

/**
 * Binds the pod's socket. A socket file whose daemon is dead is replaced; where one answers, undefined is returned: the
 * pod is served already. Probe, unlink and bind stand under one lock, or two daemons could each unlink the other's.
 */
export async function claimSocket(options: ClaimOptions): Promise<Claim | undefined> {
  const { runtime, path, onConnection, onBound } = options;
  return await withDirectoryLock(dirname(path), async () => {
    if (await isServed(runtime, path)) return undefined;
    rmSync(path, { force: true });
    const server = await bind(runtime, path, onConnection);
    const inode = inodeOf(path);
    let released: Promise<void> | undefined;
    const release = async (whileLocked: () => void | Promise<void>) => {
      await withDirectoryLock(dirname(path), async () => {
        await whileLocked();
        // Closing unlinks the path, whoever owns it now. A listener left open ends with this process.
        if (inodeOf(path) === inode) server.close();
      });
    };
    try {
      onBound();
    } catch (error) {
      server.close();
      throw error;
    }
    return {
      release(whileLocked) {
        released ??= release(whileLocked);
        return released;
      },
    };
  });
}

async function bind(
  runtime: SocketRuntime,
  path: string,
  onConnection: (stream: ByteStream) => void,
): Promise<{ close(): void }> {
  // The directory keeps others out already; the mode is for directories that the operator has opened up.
  const mask = process.umask(0o177);
  // Binds before it returns: the mask need not stand while the promise settles.
  const listening = runtime.listen({ path }, onConnection);
  process.umask(mask);
  try {
    return await listening;
  } catch (error) {
    throw unavailable(`socket ${path} cannot be bound: ${ShimError.from(error).message}`, error);
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
