import { runtime } from "#runtime";
import { notFound, ShimError } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { VmConsole } from "../vmmanager/console.ts";
import type { RelayPlan } from "./plan.ts";
import { listenOn } from "./socket-path.ts";

/** What was written before anybody was there to read, at most; the oldest goes first. */
const MAX_KEPT = 64 * 1024;
/** What a reader may leave unread before it is hung up on: the guest does not wait for it. */
const MAX_UNREAD = 4 * 1024 * 1024;

type Attach = NonNullable<VmConsole["attach"]>;

/**
 * The guest's serial port on a unix socket: whoever is connected reads all of it and may type. Until somebody is, the
 * last of it is kept.
 */
export class SerialRelay {
  readonly #terminal: ReturnType<Attach>;
  readonly #readers = new Set<Reader>();
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #stop: () => void = () => undefined;

  private constructor(attach: Attach) {
    this.#terminal = attach((chunk) => this.#said(chunk));
  }

  /** Throws already-exists where somebody listens on the path; connecting, not-found where nobody does. */
  static async start(attach: Attach, { path, connect }: RelayPlan): Promise<SerialRelay> {
    const relay = new SerialRelay(attach);
    try {
      if (connect) {
        relay.#serve(await connectTo(path));
      } else {
        const listener = await listenOn(path, (stream) => relay.#serve(stream));
        relay.#stop = () => listener.close();
      }
      return relay;
    } catch (error) {
      relay.close();
      throw error;
    }
  }

  /** Ends what is connected once it has what was said. Idempotent. */
  close(): void {
    this.#stop();
    this.#terminal.stop();
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }

  #serve(stream: ByteStream): void {
    const reader = new Reader(stream, {
      typed: (chunk) => this.#terminal.write(chunk),
      gone: () => void this.#readers.delete(reader),
    });
    this.#readers.add(reader);
    for (const chunk of this.#kept) reader.write(chunk);
    this.#kept = [];
    this.#keptBytes = 0;
  }

  #said(chunk: Uint8Array): void {
    // Each reader's stream owns what it is given.
    for (const reader of this.#readers) reader.write(chunk.slice());
    if (this.#readers.size > 0) return;
    this.#kept.push(chunk.slice());
    this.#keptBytes += chunk.length;
    while (this.#keptBytes > MAX_KEPT && this.#kept.length > 1) this.#keptBytes -= this.#kept.shift()?.length ?? 0;
  }
}

class Reader {
  readonly #stream: ByteStream;
  #unread = 0;

  constructor(stream: ByteStream, on: { typed(chunk: Uint8Array): void; gone(): void }) {
    this.#stream = stream;
    stream.open({
      data: on.typed,
      // It may still read.
      end: () => undefined,
      drain: () => {
        this.#unread = 0;
      },
      close: on.gone,
    });
  }

  write(chunk: Uint8Array): void {
    this.#unread = this.#stream.write(chunk) ? 0 : this.#unread + chunk.length;
    if (this.#unread > MAX_UNREAD) this.#stream.destroy();
  }

  end(): void {
    this.#stream.end();
  }
}

async function connectTo(path: string): Promise<ByteStream> {
  try {
    return await runtime.connect(path, { signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    throw notFound(`nobody listens on ${path} for the serial port: ${ShimError.from(error).message}`, error);
  }
}
