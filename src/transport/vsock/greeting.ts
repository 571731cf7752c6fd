import { read } from "../../sys/libc.ts";
import { whenReady } from "../../sys/signal-poller.ts";
import { SysError } from "../../sys/sys-error.ts";

/**
 * A VM's vsock ports of V4 are not the host's: those belong to all its VMs at once. So each VM's host listens on one port of
 * its own, and a connection begins with what it is for: a port, u32 little-endian, from the guest; one byte from the host.
 */
export const GREETING_BYTES = 4;
export const answers = { accepted: 0, nobodyListens: 1, tooMany: 2 } as const;

/** Of a peer that connects and then says nothing. */
export const GREETING_MS = 10_000;

const ECONNRESET = 104;

/** Exactly so many bytes. Throws ECONNRESET for a peer that ends before. */
export async function readExactly(fd: number, count: number, options: { signal: AbortSignal }): Promise<Buffer> {
  const bytes = Buffer.alloc(count);
  for (let at = 0; at < count; ) {
    await whenReady(fd, "readable", options);
    const got = read(fd, bytes.subarray(at));
    if (got === 0) throw new SysError(ECONNRESET, "read");
    at += got ?? 0;
  }
  return bytes;
}
