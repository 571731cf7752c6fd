import { closeSync } from "node:fs";
import { alreadyExists, unavailable } from "../errors/shim-error.ts";
import { AcceptQueue, portName } from "./accept-queue.ts";
import { memoryStreamPair } from "./memory-stream.ts";
import type { FdOffer, GuestConnection, GuestSockets, LocalHostSockets } from "./sockets.ts";

/**
 * The sockets of the `local` stack: host and guest live in one process. A port has one owner at a time, a listener or an
 * fd offer.
 */
export function createMemorySockets(): { host: LocalHostSockets; guest: GuestSockets } {
  const ports = new Map<number, MemoryListener | MemoryFdOffer>();
  const take = (port: number, owner: MemoryListener | MemoryFdOffer): void => {
    if (ports.has(port)) throw alreadyExists(`port ${portName(port)} is taken; cannot listen: close its owner first`);
    ports.set(port, owner);
  };
  return {
    host: {
      listen(port) {
        const listener = new MemoryListener(port, () => ports.delete(port));
        take(port, listener);
        return listener;
      },
      offerFd(port, fd) {
        const offer = new MemoryFdOffer(port, fd, () => ports.delete(port));
        take(port, offer);
        return offer;
      },
    },
    guest: {
      async dial(port, options) {
        options?.signal?.throwIfAborted();
        const owner = ports.get(port);
        if (owner === undefined) throw unavailable(`nobody listens on port ${portName(port)}; cannot dial it`);
        return owner.dial();
      },
    },
  };
}

class MemoryListener extends AcceptQueue {
  dial(): GuestConnection {
    const [host, guest] = memoryStreamPair();
    this.offer(host);
    return { kind: "stream", stream: guest };
  }
}

class MemoryFdOffer implements FdOffer {
  readonly port: number;
  readonly #fd: number;
  readonly #release: () => void;
  #settled = false;

  constructor(port: number, fd: number, release: () => void) {
    this.port = port;
    this.#fd = fd;
    this.#release = release;
  }

  /** The fd is the dialler's now, and the port is free. */
  dial(): GuestConnection {
    this.#settled = true;
    this.#release();
    return { kind: "fd", fd: this.#fd };
  }

  withdraw(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#release();
    closeSync(this.#fd);
  }
}
