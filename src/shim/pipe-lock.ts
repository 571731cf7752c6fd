import { runtime } from "#runtime";
import { unavailable } from "../errors/shim-error.ts";
import type { SocketServer } from "../sys/runtime.ts";
import { errorCode } from "../sys/sys-error.ts";

/**
 * Runs the body while nobody else is in it for the same pipe, which the kernel sees to: one process alone can make a
 * pipe of a name, and its end gives the name back. Throws unavailable where it is not free in time.
 */
export async function withPipeLock<T>(path: string, body: () => Promise<T>, timeoutMs = 3000): Promise<T> {
  const lock = await take(`${path}-lock`, performance.now() + timeoutMs);
  try {
    return await body();
  } finally {
    lock.close();
  }
}

async function take(path: string, deadline: number): Promise<SocketServer> {
  for (let pause = 1; ; pause = Math.min(pause * 2, 16)) {
    try {
      return await runtime.listen({ path }, (stream) => stream.destroy());
    } catch (error) {
      if (errorCode(error) !== "EADDRINUSE") throw error;
    }
    if (performance.now() >= deadline) throw unavailable(`${path} is held by another shim for too long: try again`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
