import { rmSync } from "node:fs";
import { runtime } from "#runtime";
import { alreadyExists, unavailable } from "../../errors/shim-error.ts";
import { type Logger, silentLogger } from "../../log/logger.ts";
import { listenUnix } from "../../sys/libc-socket.ts";
import type { SocketServer } from "../../sys/runtime.ts";
import { AcceptQueue, portName } from "../accept-queue.ts";
import type { GuestListener, HostSockets } from "../sockets.ts";

/** Connections of one port that nobody has accepted. */
const MAX_BACKLOG = 64;

/**
 * The host's end of a VM's vsock as Firecracker, Cloud Hypervisor and OpenVMM bring it to unix sockets: a guest's dial of
 * port P is a connection to `<path>_<P>` (P in decimal), and is refused where nobody listens there.
 */
export class HybridVsockHost implements HostSockets {
  readonly #path: string;
  readonly #log: Logger;
  readonly #listeners = new Map<number, AcceptQueue>();
  #ended: Error | undefined;

  /** `path`: leaves room for a suffix of 11 bytes within the 107 of a socket's address. */
  constructor(path: string, log: Logger = silentLogger) {
    this.#path = path;
    this.#log = log;
  }

  listen(port: number): GuestListener {
    if (this.#ended !== undefined) {
      throw unavailable(`the guest channel has ended; cannot listen on port ${portName(port)}`, this.#ended);
    }
    if (this.#listeners.has(port)) {
      throw alreadyExists(`port ${portName(port)} is taken; cannot listen: close its owner first`);
    }
    const path = `${this.#path}_${port}`;
    // What a killed VM of the same place has left.
    rmSync(path, { force: true });
    const fd = listenUnix(path, MAX_BACKLOG);
    let isOver = false;
    let server: SocketServer | undefined;
    const listener = new AcceptQueue(port, () => {
      isOver = true;
      this.#listeners.delete(port);
      server?.close();
      rmSync(path, { force: true });
    });
    this.#listeners.set(port, listener);
    const accept = runtime.listen({ fd }, (stream) => {
      if (listener.backlog.length < MAX_BACKLOG) listener.offer(stream);
      else stream.destroy();
    });
    accept.then(
      (listening) => {
        server = listening;
        if (isOver) listening.close();
      },
      (error) => {
        this.#log.error(`cannot accept what the guest dials on port ${portName(port)}`, { error });
        listener.close();
      },
    );
    return listener;
  }

  /** Listens no more; what was accepted lives until its VM is gone. Idempotent. */
  destroy(error: Error = unavailable("the guest channel was destroyed here")): void {
    this.#ended ??= error;
    for (const listener of [...this.#listeners.values()]) listener.close();
  }
}
