import { sha256Hex } from "#sha256";
import { unavailable } from "../errors/shim-error.ts";
import { tryNamedLock } from "../sys/windows/named-lock.ts";

/** Runs the body while nobody else on this host is in it for the same pipe. Throws unavailable where it is not free in time. */
export async function withPipeLock<T>(path: string, timeoutMs: number, body: () => Promise<T>): Promise<T> {
  const release = await take(path, performance.now() + timeoutMs);
  try {
    return await body();
  } finally {
    release();
  }
}

async function take(path: string, deadline: number): Promise<() => void> {
  const name = `uvm-shim-${sha256Hex(path)}`;
  for (let pause = 1; ; pause = Math.min(pause * 2, 16)) {
    const release = tryNamedLock(name);
    if (release !== undefined) return release;
    if (performance.now() >= deadline) {
      throw unavailable(`pipe ${path} is locked by another shim for too long: try again`);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
