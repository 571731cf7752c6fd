import { constants } from "node:fs";
import { close, open } from "../../../sys/libc.ts";

/**
 * A directory for sockets by a path that fits their addresses (107 bytes), however deep it lies: through this process's fd
 * of it, for as long as `close` is not called. So nothing lies outside of the pod's own state, and goes with it.
 */
export class SocketDirectory {
  readonly #fd: number;
  #closed = false;

  constructor(path: string) {
    this.#fd = open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  }

  /** For us and for a service on this host with our rights. */
  path(name: string): string {
    return `/proc/${process.pid}/fd/${this.#fd}/${name}`;
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    close(this.#fd);
  }
}
