import { runtime } from "#runtime";
import { ShimError, unavailable } from "../../errors/shim-error.ts";
import { close, write } from "../../sys/libc.ts";
import { errorCode } from "../../sys/sys-error.ts";
import { connectVsock, VSOCK_CID } from "../../sys/vsock.ts";
import { portName } from "../accept-queue.ts";
import type { GuestSockets } from "../sockets.ts";
import { answers, GREETING_BYTES, GREETING_MS, readExactly } from "./greeting.ts";

export interface VsockGuestOptions {
  /** Where the host listens: as it told the guest. */
  readonly port: number;
  readonly cid?: number;
}

/** The guest's end: dials the vsock of its host, once for each connection. */
export function createVsockGuestSockets({ port: hostPort, cid = VSOCK_CID.host }: VsockGuestOptions): GuestSockets {
  return {
    async dial(port, options = {}) {
      const limit = AbortSignal.timeout(GREETING_MS);
      const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
      let answer: number | undefined;
      let fd: number | undefined;
      try {
        fd = await connectVsock({ cid, port: hostPort }, { signal });
        const greeting = Buffer.alloc(GREETING_BYTES);
        greeting.writeUInt32LE(port);
        write(fd, greeting);
        answer = (await readExactly(fd, 1, { signal }))[0];
        if (answer === answers.accepted) return { kind: "stream", stream: runtime.adopt(fd, "socket") };
      } catch (error) {
        if (fd !== undefined) close(fd);
        options.signal?.throwIfAborted();
        const why = limit.aborted ? `no answer in ${GREETING_MS / 1000} s` : reason(error);
        throw unavailable(`the host's vsock ${cid}:${hostPort} is not to be reached: ${why}`, error);
      }
      close(fd);
      if (answer === answers.nobodyListens)
        throw unavailable(`nobody listens on port ${portName(port)}; cannot dial it`);
      throw new ShimError(
        "resource-exhausted",
        `the host has too many connections; cannot dial port ${portName(port)}`,
      );
    },
  };
}

/** The same for a host that listens on each port itself (OpenVMM, Firecracker, Cloud Hypervisor): nothing is said before. */
export function createVsockPortSockets({ cid = VSOCK_CID.host }: { readonly cid?: number } = {}): GuestSockets {
  return {
    async dial(port, options = {}) {
      try {
        const fd = await connectVsock({ cid, port }, options);
        return { kind: "stream", stream: runtime.adopt(fd, "socket") };
      } catch (error) {
        options.signal?.throwIfAborted();
        throw unavailable(`the host's vsock ${cid}:${portName(port)} is not to be reached: ${reason(error)}`, error);
      }
    },
  };
}

function reason(error: unknown): string {
  const { message } = ShimError.from(error);
  return errorCode(error) === "ENODEV" ? `${message}: no vsock device, or its module is not loaded` : message;
}
