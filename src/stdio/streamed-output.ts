import { runtime } from "#runtime";
import { within } from "../errors/within.ts";
import { pipe } from "../sys/libc.ts";
import { DescriptorEndpoint, HeldFd, reopen } from "./descriptor.ts";
import type { StdioEndpoint } from "./endpoints.ts";
import { OutputPump } from "./output-pump.ts";
import { pull } from "./pull.ts";
import type { StreamClaim } from "./streams.ts";

/**
 * How long the output of a process that is gone waits for a client (milliseconds): containerd may just be restarting, and
 * opens the same streams again.
 */
const LATE_CLIENT = 60_000;

/**
 * stdout or stderr as a stream on the shim's socket. A pipe stands between: the process blocks when it is full, whether or
 * not a client is there, and a client that comes again goes on where the one before it was served last.
 */
export class StreamedOutput {
  readonly stdout: StdioEndpoint;
  readonly stderr: StdioEndpoint;
  readonly #claim: StreamClaim;
  readonly #lateMs: number;
  readonly #reader: HeldFd;
  /** Holds off the pipe's end until the process has its own. */
  readonly #first: HeldFd;
  readonly #endpoints: DescriptorEndpoint[] = [];
  #pump: OutputPump | undefined;

  constructor(claim: StreamClaim, options: { lateMs?: number } = {}) {
    this.#claim = claim;
    this.#lateMs = options.lateMs ?? LATE_CLIENT;
    const [reader, writer] = pipe();
    this.#reader = new HeldFd(reader);
    this.#first = new HeldFd(writer);
    this.stdout = this.#endpoint();
    this.stderr = this.#endpoint();
  }

  /**
   * Resolves when a client has all of the output and has said so by closing its half, for containerd cancels its reading
   * as soon as it learns of the exit. Not waited for where no client is there, nor longer than `ms`.
   */
  async drained(ms: number): Promise<void> {
    if (!this.#claim.attached || this.#pump === undefined) return;
    await within(ms, this.#pump.delivered);
  }

  /** The process is done with it; what nobody has read yet waits a while longer. */
  close(): void {
    for (const endpoint of this.#endpoints) endpoint.closeStream();
    if (this.#reader.closed) return;
    const { delivered } = this.#start();
    this.#first.close();
    this.#reader.close();
    this.#claim.linger();
    const late = setTimeout(() => this.#claim.release(), this.#lateMs);
    late.unref();
    void delivered.then(() => {
      clearTimeout(late);
      this.#claim.release();
    });
  }

  #endpoint(): StdioEndpoint {
    const endpoint = new DescriptorEndpoint(() => this.#reader.get(), "write");
    this.#endpoints.push(endpoint);
    const owned = <T>(take: () => T): T => {
      const taken = take();
      this.#start();
      this.#first.close();
      return taken;
    };
    return { passFd: () => owned(() => endpoint.passFd()), stream: () => owned(() => endpoint.stream()) };
  }

  #start(): OutputPump {
    this.#pump ??= new OutputPump(pull(runtime.adopt(reopen(this.#reader.get(), "read"), "pipe", "read")), this.#claim);
    return this.#pump;
  }
}
