import { runtime } from "#runtime";
import { pipe } from "../sys/libc.ts";
import { DescriptorEndpoint, HeldFd } from "./descriptor.ts";
import type { InputEndpoint } from "./endpoints.ts";
import { type PulledStream, pull } from "./pull.ts";
import type { StreamClaim } from "./streams.ts";

/**
 * stdin as a stream on the shim's socket, through a pipe that the process reads. As with a FIFO, clients come and go, and
 * the process sees EOF once the client has said CloseIO and all that it wrote is read.
 */
export class StreamedInput {
  readonly endpoint: InputEndpoint;
  readonly #claim: StreamClaim;
  readonly #reader: HeldFd;
  readonly #descriptor: DescriptorEndpoint;
  readonly #sink: PulledStream;
  #closing = false;

  constructor(claim: StreamClaim) {
    this.#claim = claim;
    const [reader, writer] = pipe();
    this.#reader = new HeldFd(reader);
    this.#sink = pull(runtime.adopt(writer, "pipe", "write"));
    this.#descriptor = new DescriptorEndpoint(() => this.#reader.get(), "read");
    this.endpoint = {
      passFd: () => this.#descriptor.passFd(),
      stream: () => this.#descriptor.stream(),
      closeInput: () => this.#closeInput(),
    };
    void this.#pump();
  }

  close(): void {
    this.#claim.release();
    this.#descriptor.closeStream();
    this.#reader.close();
    this.#sink.destroy();
  }

  /** A client that is there is read to its end first: CloseIO may overtake what it sent. */
  #closeInput(): void {
    this.#closing = true;
    if (!this.#claim.attached) this.#claim.release();
  }

  async #pump(): Promise<void> {
    try {
      do {
        const peer = await this.#claim.peer();
        try {
          for (let bytes = await peer.read(); bytes !== undefined; bytes = await peer.read()) {
            if (!(await this.#sink.put(bytes))) break;
          }
        } catch {
          // The client is gone; what it had sent is here.
        }
        peer.finish();
      } while (!this.#closing);
    } catch {
      // Released.
    }
    this.#claim.release();
    this.#sink.end();
  }
}
