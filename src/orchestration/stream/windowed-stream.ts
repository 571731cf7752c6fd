import { invalidArgument, ShimError } from "../../errors/shim-error.ts";
import type { StreamPeer } from "../../stdio/streams.ts";
import type { StreamCarrier, StreamMessage } from "./ports.ts";

/** As containerd's (reference: containerd-shim 1.21): a receiver grants as much again when less than this is outstanding. */
export const WINDOW = 64 << 10;
export const MAX_DATA = 32 << 10;
/** No grant of a client's may lead above it: what it can say in one message. */
const MAX_GRANTED = 2 ** 31 - 1;

/**
 * A client's end of a byte stream, with the windows that its carrier lacks: what the client sends is held here until it
 * is read, and it is never granted more than two windows; what is written waits for its grants.
 */
export class WindowedStream implements StreamPeer {
  readonly over: Promise<void>;
  readonly ended: Promise<void>;
  readonly #id: string;
  readonly #carrier: StreamCarrier;
  readonly #onOver: () => void;
  readonly #received: Uint8Array[] = [];
  #unread = 0;
  #granted = 0;
  #mayWrite = 0;
  #sent = 0;
  #inputEnded = false;
  #inputFailure: ShimError | undefined;
  #isOver = false;
  #failure: ShimError | undefined;
  #waiting: (() => void)[] = [];
  #settle: (error?: ShimError) => void = () => {};
  #tellEnded: () => void = () => {};

  /** `onOver` is called in the turn in which the stream is over. */
  constructor(id: string, carrier: StreamCarrier, onOver: () => void) {
    this.#id = id;
    this.#carrier = carrier;
    this.#onOver = onOver;
    this.over = new Promise((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.over.catch(() => {});
    this.ended = new Promise((resolve) => {
      this.#tellEnded = resolve;
    });
  }

  /** Starts to listen to the client; once. */
  start(): void {
    const { signal } = this.#carrier;
    const gone = (): void => this.#fail(ShimError.from(signal.reason, "canceled"));
    if (signal.aborted) gone();
    else signal.addEventListener("abort", gone, { once: true });
    void this.#listen();
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const bytes = this.#received.shift();
      if (bytes !== undefined) {
        this.#unread -= bytes.length;
        this.#grant();
        return bytes;
      }
      if (this.#inputEnded) return undefined;
      if (this.#inputFailure !== undefined) throw this.#inputFailure;
      this.#grant();
      await this.#change();
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    for (;;) {
      this.#check();
      if (this.#inputEnded) {
        throw new ShimError("canceled", `stream ${this.#id}: its client has closed it; cannot write`);
      }
      const length = Math.min(bytes.length, this.#mayWrite, MAX_DATA);
      if (length > 0) {
        this.#mayWrite -= length;
        this.#sent += length;
        await this.#carrier.send({ kind: "data", bytes: bytes.subarray(0, length) });
        return length;
      }
      await this.#change();
    }
  }

  /** A message that no window counts. */
  tell(message: StreamMessage): Promise<void> {
    return this.#carrier.send(message);
  }

  /** A client grants a window when less than one is outstanding, so the second last of its grants says what it has read. */
  get unread(): number {
    if (!this.#carrier.broken) return 0;
    const read = Math.max(0, this.#sent + this.#mayWrite - 2 * WINDOW);
    return Math.max(0, this.#sent - read);
  }

  end(): void {
    this.#carrier.closeSend();
  }

  finish(error?: Error): void {
    const over = new ShimError("canceled", `stream ${this.#id} is over`);
    this.#inputFailure ??= over;
    this.#close(over, error === undefined ? undefined : ShimError.from(error, "internal"));
  }

  /** Nothing can be sent any more. What the client sent before it went may still be on its way to `#listen`. */
  #fail(error: ShimError): void {
    this.#close(error, error);
  }

  #close(failure: ShimError, told: ShimError | undefined): void {
    this.#failure ??= failure;
    if (!this.#isOver) {
      this.#isOver = true;
      this.#tellEnded();
      this.#onOver();
      this.#settle(told);
    }
    this.#wake();
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        const message = await this.#carrier.receive();
        if (message === undefined) break;
        this.#take(message);
      }
      this.#inputEnded = true;
      this.#tellEnded();
      this.#wake();
    } catch (error) {
      const failure = ShimError.from(error, "internal");
      this.#inputFailure ??= failure;
      this.#fail(failure);
    }
  }

  #take(message: StreamMessage): void {
    if (message.kind === "progress")
      throw invalidArgument(`stream ${this.#id}: progress is told to clients, not by them`);
    const { length } = message.kind === "data" ? message.bytes : { length: message.bytes };
    if (message.kind === "window") {
      if (length <= 0 || this.#mayWrite + length > MAX_GRANTED) {
        throw invalidArgument(`stream ${this.#id}: a grant of ${length} bytes on top of ${this.#mayWrite} is none`);
      }
      this.#mayWrite += length;
    } else {
      if (length > this.#granted) {
        const problem = `stream ${this.#id}: ${length} bytes came where ${this.#granted} were granted`;
        throw invalidArgument(`${problem}; cannot take them: wait for a window update`);
      }
      if (length === 0) return;
      this.#granted -= length;
      this.#unread += length;
      this.#received.push(message.bytes);
    }
    this.#wake();
  }

  #grant(): void {
    if (this.#inputEnded || this.#failure !== undefined || this.#granted + this.#unread >= WINDOW) return;
    this.#granted += WINDOW;
    this.#carrier.send({ kind: "window", bytes: WINDOW }).catch((error) => this.#fail(ShimError.from(error)));
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
