import { runtime } from "#runtime";
import { alreadyExists, ShimError, unavailable } from "../../errors/shim-error.ts";
import { type Logger, silentLogger } from "../../log/logger.ts";
import type { Registration } from "../../sys/fd-carrier.ts";
import { close, write } from "../../sys/libc.ts";
import { signalPoller } from "../../sys/signal-poller.ts";
import { ANY_VSOCK_PORT, acceptVsock, listenVsock, VSOCK_CID } from "../../sys/vsock.ts";
import { AcceptQueue, portName } from "../accept-queue.ts";
import type { GuestListener, HostSockets } from "../sockets.ts";
import { answers, GREETING_BYTES, GREETING_MS, readExactly } from "./greeting.ts";

/** Connections that have not said yet what they are for, and those that nobody has accepted, of one port. */
const MAX_GREETINGS = 64;
const MAX_BACKLOG = 64;
/** After an accept that failed for want of fds or memory. */
const RETRY_MS = 100;

export interface VsockHostOptions {
  /** The only one whose connections are taken. */
  readonly guestCid: number;
  /** Where it listens: as the host of VMs, unless said otherwise. */
  readonly cid?: number;
  readonly log?: Logger;
}

/** The host's end for one VM over one listening vsock. The kernel controls each connection's flow by itself. */
export class VsockHost implements HostSockets {
  /** Of the vsock; the guest has to be told it. */
  readonly port: number;
  readonly #fd: number;
  readonly #guestCid: number;
  readonly #log: Logger;
  readonly #accepting: Registration;
  readonly #listeners = new Map<number, AcceptQueue>();
  readonly #over = new AbortController();
  #greetings = 0;
  #retry: NodeJS.Timeout | undefined;

  /** Throws a SysError where this machine is host of no VMs: EAFNOSUPPORT, EADDRNOTAVAIL. */
  constructor({ guestCid, cid = VSOCK_CID.host, log = silentLogger }: VsockHostOptions) {
    const { fd, port } = listenVsock({ cid, port: ANY_VSOCK_PORT });
    this.port = port;
    this.#fd = fd;
    this.#guestCid = guestCid;
    this.#log = log;
    this.#accepting = signalPoller.register(fd, () => this.#accept());
    this.#acceptMore();
  }

  listen(port: number): GuestListener {
    this.#over.signal.throwIfAborted();
    if (this.#listeners.has(port)) {
      throw alreadyExists(`port ${portName(port)} is taken; cannot listen: close its owner first`);
    }
    const listener = new AcceptQueue(port, () => this.#listeners.delete(port));
    this.#listeners.set(port, listener);
    return listener;
  }

  /** Takes no connection any more; those that were accepted live until their guest is gone. Idempotent. */
  destroy(error: Error = unavailable("the guest channel was destroyed here")): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(error);
    clearTimeout(this.#retry);
    this.#accepting.remove();
    close(this.#fd);
    for (const listener of [...this.#listeners.values()]) listener.close();
  }

  #acceptMore(): void {
    if (this.#over.signal.aborted || this.#greetings >= MAX_GREETINGS) return;
    this.#accepting.request({ readable: true, writable: false });
  }

  #accept(): void {
    try {
      while (this.#greetings < MAX_GREETINGS) {
        const connection = acceptVsock(this.#fd);
        if (connection === undefined) break;
        const { fd, peer } = connection;
        if (peer.cid === this.#guestCid) {
          this.#greetings++;
          void this.#greet(fd);
        } else {
          close(fd);
          this.#log.warn(`a vsock connection of CID ${peer.cid} is refused: the VM has ${this.#guestCid}`);
        }
      }
      this.#acceptMore();
    } catch (error) {
      this.#log.warn("cannot accept a vsock connection; trying again", { error });
      this.#retry = setTimeout(() => this.#acceptMore(), RETRY_MS);
    }
  }

  async #greet(fd: number): Promise<void> {
    try {
      const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(GREETING_MS)]);
      const port = (await readExactly(fd, GREETING_BYTES, { signal })).readUInt32LE(0);
      const listener = this.#listeners.get(port);
      const full = listener !== undefined && listener.backlog.length >= MAX_BACKLOG;
      const code = listener === undefined ? answers.nobodyListens : full ? answers.tooMany : answers.accepted;
      // It has room: nothing was written to it before.
      write(fd, Uint8Array.of(code));
      if (listener === undefined || full) close(fd);
      else listener.offer(runtime.adopt(fd, "socket"));
    } catch (error) {
      close(fd);
      this.#log.debug("a vsock connection ended before it was one", { reason: ShimError.from(error).message });
    } finally {
      this.#greetings--;
      this.#acceptMore();
    }
  }
}
