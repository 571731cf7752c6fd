import { ShimError } from "../errors/shim-error.ts";
import type { Response } from "../generated/ttrpc.ts";
import type { Connection } from "./connection.ts";
import { encodeFrame, type Frame, FrameFlags, FrameType } from "./frame.ts";
import type { Messages } from "./interceptor.ts";
import { decodeMessage, encodeMessage } from "./message.ts";
import type { PendingCall } from "./pending.ts";
import { ReceiveQueue } from "./receive-queue.ts";
import type { MethodDescriptor } from "./service.ts";
import { errorOf } from "./status.ts";

const noBytes = new Uint8Array(0);

/** The client's end of a streaming call of any kind. */
export class ClientStream implements Messages, PendingCall {
  readonly #connection: Connection;
  readonly #method: MethodDescriptor;
  readonly #fullMethod: string;
  readonly #queue: ReceiveQueue;
  readonly #release: () => void;
  #streamId = 0;
  #sendClosed: boolean;

  /** `release` is called once, when the client may forget the stream. */
  constructor(connection: Connection, method: MethodDescriptor, fullMethod: string, release: () => void) {
    this.#connection = connection;
    this.#method = method;
    this.#fullMethod = fullMethod;
    this.#queue = new ReceiveQueue((error) => this.fail(error));
    this.#release = release;
    this.#sendClosed = !method.clientStreaming;
  }

  /** The request is on its way. */
  opened(streamId: number): void {
    this.#streamId = streamId;
  }

  async receive(): Promise<unknown> {
    const payload = await this.#queue.next();
    return payload === undefined ? undefined : decodeMessage(this.#method.output, payload, "response");
  }

  /** Leaving the loop early gives the call up. */
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    try {
      for (let message = await this.receive(); message !== undefined; message = await this.receive()) yield message;
    } finally {
      this.fail(new ShimError("canceled", `the reader of ${this.#fullMethod} has left; the call is given up`));
    }
  }

  async send(message: unknown): Promise<void> {
    if (this.#queue.ended) {
      throw (
        this.#queue.error ??
        new ShimError("failed-precondition", `the server has ended ${this.#fullMethod}; cannot send`)
      );
    }
    if (this.#sendClosed) {
      throw new ShimError("failed-precondition", `the stream of ${this.#fullMethod} is closed; cannot send`);
    }
    const payload = encodeMessage(this.#method.input, message);
    this.#connection.send(encodeFrame(this.#streamId, FrameType.data, FrameFlags.none, payload));
    await this.#connection.writable();
  }

  /** In a frame of its own: Go's server refuses a close that carries a message (reference: containerd-shim 2.4). */
  closeSend(): void {
    if (this.#sendClosed || this.#queue.ended) return;
    this.#sendClosed = true;
    const flags = FrameFlags.remoteClosed | FrameFlags.noData;
    this.#connection.send(encodeFrame(this.#streamId, FrameType.data, flags, noBytes));
  }

  data(frame: Frame): void {
    if (!(frame.flags & FrameFlags.noData)) this.#queue.push(frame.payload);
    if (frame.flags & FrameFlags.remoteClosed) this.#end();
  }

  response(response: Response): void {
    const error = errorOf(response.status);
    if (error === undefined && (!this.#method.serverStreaming || response.payload.length > 0)) {
      this.#queue.push(response.payload);
    }
    this.#end(error);
  }

  fail(error: ShimError, options = { discard: true }): void {
    if (this.#queue.ended) return;
    this.#queue.end(error, options);
    this.#release();
  }

  #end(error?: ShimError): void {
    if (this.#queue.ended) return;
    this.#queue.end(error);
    this.#release();
  }
}
