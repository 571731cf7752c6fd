import { constants } from "node:fs";
import { runtime } from "#runtime";
import { ShimError } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { close, open, setNonBlocking } from "../sys/libc.ts";
import { errorCode } from "../sys/sys-error.ts";
import type { StdioEndpoint } from "./endpoints.ts";

/**
 * A second open file description of what the fd is open on, even where its path is gone by now. Its own one: O_NONBLOCK
 * belongs to the description, and a process must not find its stdio non-blocking because a relay of ours wanted that.
 */
export function reopen(fd: number, access: "read" | "write"): number {
  const mode = access === "read" ? constants.O_RDONLY : constants.O_WRONLY | constants.O_APPEND;
  // O_NONBLOCK for the open alone: a FIFO without a writer (closeInput was called) would wait for one.
  const reopened = open(`/proc/self/fd/${fd}`, mode | constants.O_NONBLOCK);
  try {
    setNonBlocking(reopened, false);
    return reopened;
  } catch (error) {
    close(reopened);
    throw error;
  }
}

/** An endpoint over an fd that somebody else holds open. */
export class DescriptorEndpoint implements StdioEndpoint {
  readonly #fd: () => number;
  readonly #access: "read" | "write";
  #stream: ByteStream | undefined;

  /** `fd` throws once the holder has closed it. */
  constructor(fd: () => number, access: "read" | "write") {
    this.#fd = fd;
    this.#access = access;
  }

  passFd(): number {
    return reopen(this.#fd(), this.#access);
  }

  stream(): ByteStream {
    if (this.#stream !== undefined) throw new ShimError("internal", "stdio endpoint gave its stream already");
    this.#stream = runtime.adopt(reopen(this.#fd(), this.#access), "pipe", this.#access);
    return this.#stream;
  }

  /** The relay's end, where it is still open. */
  closeStream(): void {
    this.#stream?.destroy();
  }
}

/** An fd that is closed once, and named no more after. */
export class HeldFd {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get(): number {
    if (this.#fd < 0)
      throw new ShimError("failed-precondition", "stdio is closed; cannot use it: the process has exited");
    return this.#fd;
  }

  get closed(): boolean {
    return this.#fd < 0;
  }

  /** Gives it up without closing it. */
  take(): number {
    const fd = this.get();
    this.#fd = -1;
    return fd;
  }

  close(): void {
    if (this.#fd >= 0) close(this.take());
  }
}

/** What the client named and we could not open, told in its words. */
export function openFailed(path: string, cause: unknown): ShimError {
  if (cause instanceof ShimError) return cause;
  const code = errorCode(cause);
  const message = `stdio ${path} is not usable (${code ?? String(cause)}); cannot open it`;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return new ShimError("not-found", `${message}: the client creates it before the request`, { cause });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new ShimError("permission-denied", message, { cause });
    default:
      return new ShimError("internal", message, { cause });
  }
}
