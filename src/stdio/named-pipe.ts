import { runtime } from "#runtime";
import { ShimError, unimplemented } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { openFailed } from "./descriptor.ts";
import type { InputEndpoint } from "./endpoints.ts";

/** A client that is there answers at once; a pipe all of whose instances are taken keeps us waiting. */
const DIAL_MS = 5_000;
/** As long nothing has come from a client that has said CloseIO, all that it wrote is read: it writes before it says so. */
const QUIET_MS = 100;

/** One pipe of the client's, which listens on it (reference: containerd-shim 1.17). */
export class NamedPipe {
  readonly endpoint: InputEndpoint;
  readonly #stream: ByteStream;
  #given = false;
  #closing = false;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    this.endpoint = {
      passFd: () => {
        throw unimplemented("a named pipe is no descriptor; cannot pass it to a process of this host");
      },
      stream: () => this.#give(),
      closeInput: () => {
        this.#closing = true;
        this.#heard();
      },
    };
  }

  /** Throws not-found, permission-denied or internal; the signal's reason. */
  static async dial(path: string, signal?: AbortSignal): Promise<NamedPipe> {
    const late = AbortSignal.timeout(DIAL_MS);
    try {
      const stream = await runtime.connect(path, { signal: signal ? AbortSignal.any([signal, late]) : late });
      return new NamedPipe(stream);
    } catch (error) {
      signal?.throwIfAborted();
      throw openFailed(path, error);
    }
  }

  close(): void {
    clearTimeout(this.#quiet);
    this.#stream.destroy();
    // Nobody else has ever opened it, and a stream tells of its end only then.
    if (!this.#given) this.#stream.open({ data() {}, end() {}, drain() {}, close() {} });
    this.#given = true;
  }

  #give(): ByteStream {
    if (this.#given) throw new ShimError("internal", "stdio endpoint gave its stream already");
    this.#given = true;
    const stream = this.#stream;
    return {
      open: (handler) => {
        stream.open({
          ...{ end: () => handler.end(), drain: () => handler.drain(), close: (error) => handler.close(error) },
          data: (chunk) => {
            handler.data(chunk);
            this.#heard();
          },
        });
        this.#heard();
      },
      write: (chunk) => stream.write(chunk),
      end: () => stream.end(),
      pause: () => {
        clearTimeout(this.#quiet);
        stream.pause();
      },
      resume: () => {
        stream.resume();
        this.#heard();
      },
      destroy: (error) => stream.destroy(error),
    };
  }

  /** A pipe tells nobody that it is empty. */
  #heard(): void {
    clearTimeout(this.#quiet);
    if (this.#closing && this.#given) this.#quiet = setTimeout(() => this.#stream.destroy(), QUIET_MS);
  }
}
