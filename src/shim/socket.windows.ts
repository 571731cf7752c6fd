import { ShimError, unavailable } from "../errors/shim-error.ts";
import { withPipeLock } from "./pipe-lock.ts";
import { isServed } from "./probe.ts";
import type * as linux from "./socket.ts";

export type Claim = linux.Claim;

/** Who has the lock looks for a daemon, or takes one down: milliseconds, and seconds on a host that is busy. */
const LOCK_MS = 30_000;

/** A pipe dies with its daemon, so there is none to replace: it is either served or free. */
export const claimSocket: typeof linux.claimSocket = async ({ runtime, path, onConnection, onBound }) =>
  await withPipeLock(path, LOCK_MS, async () => {
    if (await isServed(runtime, path)) return undefined;
    const server = await runtime.listen({ path }, onConnection).catch((error: unknown) => {
      throw unavailable(`pipe ${path} cannot be made: ${ShimError.from(error).message}`, error);
    });
    try {
      onBound();
    } catch (error) {
      server.close();
      throw error;
    }
    let released: Promise<void> | undefined;
    const release = async (whileLocked: () => void | Promise<void>) => {
      await withPipeLock(path, LOCK_MS, async () => {
        await whileLocked();
        server.close();
      });
    };
    return {
      release(whileLocked) {
        released ??= release(whileLocked);
        return released;
      },
    };
  });
