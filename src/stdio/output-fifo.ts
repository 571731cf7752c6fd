/** The FIFO of a process's stdout or stderr, from before its client reads it to after its process is gone. */
import { constants } from "node:fs";
import { open } from "../sys/libc.ts";
import { hasReader, unreadBytes } from "../sys/pipe-state.ts";
import { errorCode } from "../sys/sys-error.ts";
import { DescriptorEndpoint, HeldFd, reopen } from "./descriptor.ts";
import type { StdioEndpoint } from "./endpoints.ts";

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** How long a client may take to open a FIFO whose process has already ended, and how often we look (milliseconds). */
const LATE_READER = 1000;
const LOOK = 5;

/**
 * Our own reading end keeps a writer from EPIPE when the client's reader is gone: it blocks when the FIFO is full, and
 * goes on when a reader comes back. We hold no writing end beside the process's: the client sees EOF when the process
 * and its heirs have closed theirs, and none at all where the process never started (containerd's clients wait for EOF
 * before they delete, unless nobody ever wrote).
 *
 * A client opens its end in the background: on a loaded host a quick process may end first. What it wrote lives only as
 * long as one end is open, so such a FIFO is kept for its reader (ctr lost an exec's whole output to this).
 */
export class OutputFifo {
  readonly stdout: StdioEndpoint;
  readonly stderr: StdioEndpoint;
  readonly #reader: HeldFd;
  readonly #streams: DescriptorEndpoint[] = [];
  /** Where it could be opened the client was there before us. It holds off EOF until the process has its own. */
  readonly #first: HeldFd | undefined;

  constructor(path: string) {
    this.#first = openIfRead(path);
    try {
      this.#reader = new HeldFd(open(path, O_RDONLY | O_NONBLOCK));
    } catch (error) {
      this.#first?.close();
      throw error;
    }
    this.stdout = this.#endpoint();
    this.stderr = this.#endpoint();
  }

  async close(): Promise<void> {
    for (const endpoint of this.#streams) endpoint.closeStream();
    if (this.#reader.closed) return;
    const last = this.#attended() ? undefined : new HeldFd(reopen(this.#reader.get(), "write"));
    this.#first?.close();
    this.#reader.close();
    if (last === undefined) return;
    for (let waited = 0; waited < LATE_READER && !hasReader(last.get()); waited += LOOK) {
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
    last.close();
  }

  /** Nobody can be about to miss anything. */
  #attended(): boolean {
    return this.#first !== undefined || unreadBytes(this.#reader.get()) === 0;
  }

  #endpoint(): StdioEndpoint {
    const endpoint = new DescriptorEndpoint(() => this.#reader.get(), "write");
    this.#streams.push(endpoint);
    const owned = <T>(take: () => T): T => {
      const taken = take();
      this.#first?.close();
      return taken;
    };
    return { passFd: () => owned(() => endpoint.passFd()), stream: () => owned(() => endpoint.stream()) };
  }
}

function openIfRead(path: string): HeldFd | undefined {
  try {
    return new HeldFd(open(path, O_WRONLY | O_NONBLOCK));
  } catch (error) {
    if (errorCode(error) === "ENXIO") return undefined;
    throw error;
  }
}
