import { rmSync } from "node:fs";
import { runtime } from "#runtime";
import { unavailable } from "../errors/shim-error.ts";
import type { Logger } from "../log/logger.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { Registration } from "../sys/fd-carrier.ts";
import { close } from "../sys/libc.ts";
import { acceptUnix, listenUnix, peekByte } from "../sys/libc-socket.ts";
import { signalPoller, whenReady } from "../sys/signal-poller.ts";
import { serveFds } from "./fd-passing/connection.ts";
import type { FdRegistry } from "./fd-passing/registry.ts";
import { freePath } from "./socket-path.ts";

/** Of connections that were not accepted yet. */
const BACKLOG = 128;
/** After an accept that failed for want of fds or memory. */
const RETRY_MS = 100;
const FD_PASSING = 0xfd;

export interface FrontDoorOptions {
  readonly path: string;
  readonly registry: FdRegistry;
  readonly log: Logger;
  /** A connection that is not of the fd-passing protocol. */
  accept(stream: ByteStream): void;
}

/** The server's one socket: each connection's first byte says what it speaks, as with OpenVMM. */
export class FrontDoor {
  readonly #options: FrontDoorOptions;
  readonly #fd: number;
  readonly #accepting: Registration;
  readonly #over = new AbortController();
  #retry: NodeJS.Timeout | undefined;

  private constructor(options: FrontDoorOptions) {
    this.#options = options;
    this.#fd = listenUnix(options.path, BACKLOG);
    this.#accepting = signalPoller.register(this.#fd, () => this.#accept());
    this.#acceptMore();
  }

  /** Throws already-exists where somebody serves the path. */
  static async open(options: FrontDoorOptions): Promise<FrontDoor> {
    await freePath(options.path);
    return new FrontDoor(options);
  }

  /** No further connection; ends those of the fd-passing protocol, and those that have said nothing. Idempotent. */
  close(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(unavailable("the server ends"));
    clearTimeout(this.#retry);
    this.#accepting.remove();
    close(this.#fd);
    rmSync(this.#options.path, { force: true });
  }

  #acceptMore(): void {
    if (!this.#over.signal.aborted) this.#accepting.request({ readable: true, writable: false });
  }

  #accept(): void {
    try {
      for (let fd = acceptUnix(this.#fd); fd !== undefined; fd = acceptUnix(this.#fd)) void this.#serve(fd);
      this.#acceptMore();
    } catch (error) {
      this.#options.log.warn("cannot accept a connection; trying again", { error });
      this.#retry = setTimeout(() => this.#acceptMore(), RETRY_MS);
    }
  }

  async #serve(fd: number): Promise<void> {
    const { signal } = this.#over;
    const { accept, registry } = this.#options;
    let first: ReturnType<typeof peekByte>;
    try {
      while (first === undefined) {
        await whenReady(fd, "readable", { signal });
        first = peekByte(fd);
      }
    } catch {
      close(fd);
      return;
    }
    if (first === "ended") close(fd);
    else if (first === FD_PASSING) await serveFds(fd, registry, { signal });
    else accept(runtime.adopt(fd, "socket"));
  }
}
