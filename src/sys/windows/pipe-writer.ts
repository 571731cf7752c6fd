/** Named pipes that somebody else listens on, written with an answer for each write. */
import { createConnection, type Socket } from "node:net";
import { errorCode, SysError } from "../sys-error.ts";

export interface PipeWriter {
  /** Resolves once the bytes are in the pipe. Rejects with a SysError where the other end is gone (`isGone`). */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves once the other end has read all, and the pipe is closed. */
  end(): Promise<void>;
  destroy(): void;
}

/** Waits while all of the pipe's instances are taken. Rejects with a SysError (ENOENT, EACCES) or the signal's reason. */
export function dialPipe(path: string, signal: AbortSignal): Promise<PipeWriter> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = createConnection({ path, allowHalfOpen: true });
    const abort = () => {
      socket.destroy();
      reject(signal.reason);
    };
    const fail = (error: Error) => {
      signal.removeEventListener("abort", abort);
      reject(SysError.from(error, "connect", path));
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.once("error", fail);
    socket.once("connect", () => {
      signal.removeEventListener("abort", abort);
      socket.off("error", fail);
      resolve(writer(socket, path));
    });
  });
}

function writer(socket: Socket, path: string): PipeWriter {
  let failure: Error | undefined;
  // Nothing is sent to us, but a pipe that nobody reads does not tell that its other end has closed.
  socket.resume();
  socket.on("error", (error) => {
    failure = error;
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        const gone = (error?: Error) => reject(SysError.from(error ?? failure ?? brokenPipe(), "write", path));
        // Node forgets the callback of a write under way when the socket is destroyed by its other end.
        const lost = () => gone();
        socket.once("close", lost);
        if (socket.destroyed) return gone();
        socket.write(bytes, (error) => {
          socket.off("close", lost);
          if (error) gone(error);
          else resolve();
        });
      }),
    async end() {
      socket.end();
      await closed;
    },
    destroy: () => void socket.destroy(),
  };
}

/** Nobody has the other end any more; somebody may listen on the pipe again. */
export function isGone(error: unknown): boolean {
  const code = errorCode(error);
  return code === "EPIPE" || code === "EOF" || code === "ECONNRESET" || code === "ENOTCONN";
}

function brokenPipe(): Error {
  return Object.assign(new Error("the other end closed the pipe"), { code: "EPIPE" });
}
