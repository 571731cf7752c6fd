import { alreadyExists, notFound, ShimError } from "../../errors/shim-error.ts";
import type { Logger } from "../../log/logger.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { encodeGreeting, readGreeting } from "../../transport/agent/greeting.ts";
import type { PrefixedStream } from "../../transport/agent/prefixed-stream.ts";

export interface StreamLimits {
  /** A greeting that has begun, until it is whole. */
  readonly greetingMs: number;
  /** A stream that has its name, until somebody claims it. */
  readonly unclaimedMs: number;
  /** Streams that wait for that. */
  readonly unclaimed: number;
}

export const STREAM_LIMITS: StreamLimits = { greetingMs: 10_000, unclaimedMs: 120_000, unclaimed: 64 };

/** Whoever a stream is for, claims it by its id. */
export interface StreamClaims {
  /** Once for each stream: whoever claims it owns it. Throws not-found. */
  claim(id: string): ByteStream;
}

interface Waiting {
  readonly stream: PrefixedStream;
  readonly timer: NodeJS.Timeout;
}

/** Streams that the host has named and nobody has claimed yet. */
export class StreamTable implements StreamClaims {
  readonly #log: Logger;
  readonly #limits: StreamLimits;
  readonly #waiting = new Map<string, Waiting>();

  constructor(log: Logger, limits: Partial<StreamLimits> = {}) {
    this.#log = log;
    this.#limits = { ...STREAM_LIMITS, ...limits };
  }

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Reads the name of a connection, and keeps it under that name. `begun`: the host has begun to write it. Never rejects:
   * a connection that is refused, or ends, is of no use to anybody else. The signal ends the wait for a name.
   */
  async admit(connection: ByteStream, options: { begun?: () => void; signal: AbortSignal }): Promise<void> {
    const late = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      const { text: id, stream } = await readGreeting(connection, {
        signal: AbortSignal.any([options.signal, late.signal]),
        begun: () => {
          timer = setTimeout(() => {
            late.abort(new ShimError("deadline-exceeded", "the greeting of a stream did not end in time"));
          }, this.#limits.greetingMs);
          options.begun?.();
        },
      });
      this.#keep(id, stream);
    } catch (error) {
      this.#log.debug("a stream was not admitted", { error });
    } finally {
      clearTimeout(timer);
    }
  }

  claim(id: string): ByteStream {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      throw notFound(`stream "${id}" is not waiting here; cannot claim it: open it first, and claim it once`);
    }
    this.#forget(id);
    return waiting.stream;
  }

  /** Ends those that wait. */
  close(): void {
    for (const [id, { stream }] of [...this.#waiting]) {
      this.#forget(id);
      stream.destroy();
    }
  }

  #keep(id: string, stream: PrefixedStream): void {
    const refusal = this.#refusal(id);
    if (refusal !== undefined) {
      this.#refuse(stream, refusal);
      throw refusal;
    }
    const timer = setTimeout(() => {
      this.#log.warn("nobody has claimed a stream: it ends", { stream: id });
      this.#forget(id);
      stream.destroy();
    }, this.#limits.unclaimedMs);
    this.#waiting.set(id, { stream, timer });
    stream.onCloseUnopened(() => {
      if (this.#waiting.get(id)?.stream === stream) this.#forget(id);
    });
    // The host knows by this that a claim will find it.
    stream.write(encodeGreeting(id));
  }

  #refusal(id: string): ShimError | undefined {
    if (this.#waiting.has(id))
      return alreadyExists("a stream of this id waits already: use another, or claim that one");
    if (this.#waiting.size < this.#limits.unclaimed) return undefined;
    return new ShimError("resource-exhausted", `${this.#waiting.size} streams wait for whoever claims them: claim one`);
  }

  /** The peer reads the sentence, then the end. */
  #refuse(stream: PrefixedStream, refusal: ShimError): void {
    const timer = setTimeout(() => stream.destroy(refusal), this.#limits.greetingMs);
    stream.write(encodeGreeting(refusal.message));
    stream.end();
    stream.open({ data() {}, end() {}, drain() {}, close: () => clearTimeout(timer) });
  }

  #forget(id: string): void {
    clearTimeout(this.#waiting.get(id)?.timer);
    this.#waiting.delete(id);
  }
}
