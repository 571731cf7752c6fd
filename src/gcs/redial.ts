import { runtime } from "#runtime";
import { ShimError } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { GuestSockets } from "../transport/sockets.ts";

const REDIAL_MS = 100;

/** Dials the host's port once. Undefined after a failed try and its pause, or at the abort. */
export async function tryDial(
  sockets: GuestSockets,
  port: number,
  signal: AbortSignal,
): Promise<ByteStream | undefined> {
  try {
    const connection = await sockets.dial(port, { signal });
    if (connection.kind === "stream") return connection.stream;
    return runtime.adopt(connection.fd, "socket");
  } catch (error) {
    if (signal.aborted) return undefined;
    if (!(error instanceof ShimError)) throw error;
    await pause(REDIAL_MS, signal);
    return undefined;
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}
