import { ShimError, unimplemented } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { StdioEndpoint } from "./endpoints.ts";
import { type Sink, sinkStream } from "./sink-stream.ts";

/** stdout or stderr into a sink. */
export class SinkEndpoint implements StdioEndpoint {
  readonly #sink: Sink;
  #stream: ByteStream | undefined;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  passFd(): number {
    throw unimplemented("stdio on Windows is no descriptor; cannot pass it to a process of this host");
  }

  stream(): ByteStream {
    if (this.#stream !== undefined) throw new ShimError("internal", "stdio endpoint gave its stream already");
    this.#stream = sinkStream(this.#sink);
    return this.#stream;
  }

  /** What is not written yet is lost. Idempotent. */
  close(): void {
    if (this.#stream === undefined) this.#sink.destroy();
    else this.#stream.destroy();
  }
}
