import { readSync } from "node:fs";
import { invalidArgument } from "../errors/shim-error.ts";

const MAX_STDIN = 10 * 1024 * 1024;

/** All of stdin, synchronously: there is nothing else to do meanwhile. Throws invalid-argument beyond 10 MiB. */
export function readStdin(fd = 0): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const part = new Uint8Array(parts.length === 0 ? 4096 : 256 * 1024);
    const count = readPart(fd, part);
    if (count === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, count));
    length += count;
    if (length > MAX_STDIN) throw invalidArgument(`stdin holds more than ${MAX_STDIN} bytes`);
  }
}

function readPart(fd: number, part: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, part);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      // A closed stdin is an empty one.
      if (code === "EOF" || code === "EBADF") return 0;
      if (code !== "EAGAIN") throw error;
      // Somebody gave us a non-blocking fd.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
