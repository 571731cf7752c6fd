import { ShimError } from "../errors/shim-error.ts";
import type { Connection } from "./connection.ts";
import { encodeFrame, FrameFlags, FrameType } from "./frame.ts";
import type { Messages } from "./interceptor.ts";
import { decodeMessage, encodeMessage } from "./message.ts";
import type { ReceiveQueue } from "./receive-queue.ts";
import type { ServerCall } from "./server-call.ts";
import type { MethodDescriptor } from "./service.ts";
import { closedError } from "./status.ts";

const noBytes = new Uint8Array(0);

/** The server's end of a streaming call. */
export class ServerStream implements Messages {
  readonly #connection: Connection;
  readonly #call: ServerCall;
  readonly #method: MethodDescriptor;
  readonly #queue: ReceiveQueue;
  #sendClosed = false;

  constructor(connection: Connection, call: ServerCall, method: MethodDescriptor, queue: ReceiveQueue) {
    this.#connection = connection;
    this.#call = call;
    this.#method = method;
    this.#queue = queue;
  }

  get sendClosed(): boolean {
    return this.#sendClosed;
  }

  async receive(): Promise<unknown> {
    const payload = await this.#queue.next();
    return payload === undefined ? undefined : decodeMessage(this.#method.input, payload, "request");
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    for (let message = await this.receive(); message !== undefined; message = await this.receive()) yield message;
  }

  async send(message: unknown): Promise<void> {
    const { abortReason, fullMethod, streamId } = this.#call;
    if (abortReason !== undefined) throw abortReason;
    if (this.#sendClosed) {
      throw new ShimError("failed-precondition", `the stream of ${fullMethod} is closed; cannot send`);
    }
    if (!this.#connection.isOpen) throw closedError();
    const payload = encodeMessage(this.#method.output, message);
    this.#connection.send(encodeFrame(streamId, FrameType.data, FrameFlags.none, payload));
    await this.#connection.writable();
  }

  closeSend(): void {
    if (this.#sendClosed || this.#call.answered) return;
    this.#sendClosed = true;
    const flags = FrameFlags.remoteClosed | FrameFlags.noData;
    this.#connection.send(encodeFrame(this.#call.streamId, FrameType.data, flags, noBytes));
  }
}
