import { runtime } from "#runtime";
import { pipe } from "../sys/libc.ts";
import { DescriptorEndpoint, HeldFd, reopen } from "./descriptor.ts";
import type { StdioEndpoint } from "./endpoints.ts";
import { type PulledStream, pull } from "./pull.ts";
import type { StreamClaim, StreamPeer } from "./streams.ts";

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
  #tellDelivered: () => void = () => {};
  readonly #delivered = new Promise<void>((resolve) => {
    this.#tellDelivered = resolve;
  });
  #source: PulledStream | undefined;

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
    if (!this.#claim.attached) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([this.#delivered, late]);
    clearTimeout(timer);
  }

  /** The process is done with it; what nobody has read yet waits a while longer. */
  close(): void {
    for (const endpoint of this.#endpoints) endpoint.closeStream();
    if (this.#reader.closed) return;
    this.#start();
    this.#first.close();
    this.#reader.close();
    this.#claim.linger();
    const late = setTimeout(() => this.#claim.release(), this.#lateMs);
    late.unref();
    void this.#delivered.then(() => {
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

  #start(): void {
    if (this.#source !== undefined) return;
    this.#source = pull(runtime.adopt(reopen(this.#reader.get(), "read"), "pipe", "read"));
    void this.#attend();
    void this.#pump(this.#source);
  }

  /** A client that reads no more makes room for the next one. */
  async #attend(): Promise<void> {
    for (let peer = await this.#peer(); peer !== undefined; peer = await this.#peer()) {
      await peer.ended;
      peer.finish();
    }
  }

  async #pump(source: PulledStream): Promise<void> {
    try {
      for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) {
        if (!(await this.#send(chunk))) return;
      }
      // The end is told to whoever comes, until one has heard it.
      for (let peer = await this.#peer(); peer !== undefined; peer = await this.#peer()) {
        peer.end();
        await peer.ended;
        this.#tellDelivered();
        peer.finish();
      }
    } finally {
      source.destroy();
    }
  }

  /** To one client after the other, as they come and go. False once the stream is released. */
  async #send(chunk: Uint8Array): Promise<boolean> {
    let rest = chunk;
    while (rest.length > 0) {
      const peer = await this.#peer();
      if (peer === undefined) return false;
      try {
        rest = rest.subarray(await peer.write(rest));
      } catch {
        peer.finish();
      }
    }
    return true;
  }

  #peer(): Promise<StreamPeer | undefined> {
    return this.#claim.peer().catch(() => undefined);
  }
}
