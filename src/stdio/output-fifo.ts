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
/** How long a client that reads nothing is waited for at an exit, and one that reads on (milliseconds). */
const STALLED = 500;
const SLOW_READER = 2_000;

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
  readonly #stalledMs: number;
  readonly #slowMs: number;
  readonly #streams: DescriptorEndpoint[] = [];
  /** Where it could be opened the client was there before us. It holds off EOF until the process has its own. */
  readonly #first: HeldFd | undefined;

  constructor(path: string, { stalledMs = STALLED, slowMs = SLOW_READER } = {}) {
    this.#stalledMs = stalledMs;
    this.#slowMs = slowMs;
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

  /**
   * Resolves when all that was written has been read: ctr of containerd 1.6 stops reading when it learns of the exit, and
   * lost what was in the FIFO then. Not waited for where nobody reads on, nor longer than `ms`.
   */
  async drained(ms: number): Promise<void> {
    const latest = performance.now() + Math.min(ms, this.#slowMs);
    let patience = performance.now() + this.#stalledMs;
    for (let unread = this.#unread(); unread > 0; ) {
      const now = performance.now();
      if (now > latest || now > patience) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK));
      const left = this.#unread();
      if (left < unread) patience = performance.now() + this.#stalledMs;
      unread = left;
    }
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
    return this.#first !== undefined || this.#unread() === 0;
  }

  #unread(): number {
    return this.#reader.closed ? 0 : unreadBytes(this.#reader.get());
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
