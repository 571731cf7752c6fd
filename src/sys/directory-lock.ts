import { closeSync, constants, openSync } from "node:fs";
import { unavailable } from "../errors/shim-error.ts";
import { tryLock } from "./libc.ts";

/**
 * Runs the body while nobody else holds the directory's lock (flock(2)), which the kernel gives back however the holder
 * ends. The directory itself is locked: a lock file beside the sockets would be one more thing to leak.
 * Throws unavailable where the lock is not free in time, and the signal's reason.
 */
export async function withDirectoryLock<T>(
  directory: string,
  body: () => Promise<T>,
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<T> {
  const deadline = performance.now() + (options.timeoutMs ?? 3000);
  // Closed on exec, so no child can keep the lock.
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    // A blocking flock would hold up the event loop, and with it the holder, if that is us.
    for (let pause = 1; !tryLock(fd); pause = Math.min(pause * 2, 16)) {
      options.signal?.throwIfAborted();
      if (performance.now() >= deadline) {
        throw unavailable(`directory ${directory} is locked by another shim for too long: try again`);
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    return await body();
  } finally {
    closeSync(fd);
  }
}
