import { ShimError } from "../errors/shim-error.ts";
import { Request } from "../generated/ttrpc.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { Connection } from "./connection.ts";
import { type Frame, FrameFlags, type FrameHeader, FrameType, oversizeError } from "./frame.ts";
import { decodeMessage, encodeMessage, okResponse, statusResponse } from "./message.ts";
import { ReceiveQueue } from "./receive-queue.ts";
import type { MethodEntry, Registry } from "./registry.ts";
import { ServerCall } from "./server-call.ts";
import { ServerStream } from "./server-stream.ts";
import { closedError, serverClosedError, statusOf } from "./status.ts";

export interface ServerConnectionOptions {
  readonly maxConcurrentCalls: number;
  readonly maxQueuedBytes?: number;
  /** The connection is over and takes no part in a shutdown any more. */
  closed(error?: ShimError): void;
}

/** One client's connection on the server: stream ids, dispatch, and the calls under way. */
export class ServerConnection {
  readonly #registry: Registry;
  readonly #options: ServerConnectionOptions;
  readonly #connection: Connection;
  readonly #calls = new Map<number, ServerCall>();
  /** Handlers that have not returned, of failed streams too. */
  #running = 0;
  #lastStreamId = 0;
  #draining = false;
  /** What came while the code of a service was loaded: a client's frames are taken in their order. */
  #held: (() => void)[] | undefined;

  constructor(stream: ByteStream, registry: Registry, options: ServerConnectionOptions) {
    this.#registry = registry;
    this.#options = options;
    this.#connection = new Connection(
      stream,
      {
        frame: (frame) => {
          // Without a closure a frame: hardly ever is anything held.
          if (this.#held === undefined) this.#frame(frame);
          else this.#inOrder(() => this.#frame(frame));
        },
        oversize: (header) => this.#inOrder(() => this.#oversize(header)),
        closed: (error) => this.#inOrder(() => this.#closed(error)),
      },
      options.maxQueuedBytes === undefined ? {} : { maxQueuedBytes: options.maxQueuedBytes },
    );
  }

  open(): void {
    this.#connection.open();
  }

  /** Takes no more calls, closes once those under way have been answered. */
  drain(): void {
    this.#draining = true;
    this.#closeIfDrained();
  }

  destroy(): void {
    this.#connection.destroy(serverClosedError());
  }

  #frame(frame: Frame): void {
    // Never answer a response: two servers joined by mistake would talk forever.
    if (frame.type === FrameType.response) return;
    // Before the type is looked at, as Go does: a probe of ten zero bytes gets its answer (reference: 2.7).
    if (frame.streamId % 2 === 0) {
      this.#reject(frame.streamId, "invalid-argument", "StreamID must be odd for client initiated streams");
    } else if (frame.type === FrameType.request) {
      this.#request(frame);
    } else if (frame.type === FrameType.data) {
      this.#data(frame);
    }
  }

  #oversize(header: FrameHeader): void {
    if (header.type === FrameType.response) return;
    const error = oversizeError(header.payloadLength);
    const call = header.type === FrameType.data ? this.#calls.get(header.streamId) : undefined;
    if (call === undefined) this.#connection.send(statusResponse(header.streamId, statusOf(error)));
    else this.#fail(call, error);
  }

  #reject(streamId: number, kind: ShimError["kind"], message: string): void {
    this.#connection.send(statusResponse(streamId, statusOf(new ShimError(kind, message))));
  }

  #request(frame: Frame): void {
    const { streamId } = frame;
    if (streamId <= this.#lastStreamId) {
      this.#reject(streamId, "invalid-argument", "StreamID cannot be re-used and must increment");
      return;
    }
    this.#lastStreamId = streamId;
    let request: Request;
    try {
      request = Request.decode(frame.payload);
    } catch (error) {
      this.#reject(streamId, "invalid-argument", `unmarshal request error: ${String(error)}`);
      return;
    }
    if (this.#draining) {
      this.#connection.send(statusResponse(streamId, statusOf(serverClosedError())));
    } else if (this.#running >= this.#options.maxConcurrentCalls) {
      this.#reject(streamId, "resource-exhausted", `${this.#running} calls are under way; cannot start one more`);
    } else {
      const loading = this.#registry.load(request.service);
      if (loading === undefined) this.#start(frame, request);
      else {
        this.#startAfter(loading, frame, request).catch((error) =>
          this.#connection.destroy(ShimError.from(error, "internal")),
        );
      }
    }
  }

  async #startAfter(loading: Promise<void>, frame: Frame, request: Request): Promise<void> {
    const held: (() => void)[] = [];
    this.#held = held;
    // A call under way, for whoever drains.
    this.#running += 1;
    let failure: unknown;
    try {
      await loading;
    } catch (error) {
      const { message } = ShimError.from(error);
      failure = new ShimError("internal", `service ${request.service} cannot be loaded: ${message}`, { cause: error });
    }
    this.#held = undefined;
    this.#running -= 1;
    if (failure === undefined) this.#start(frame, request);
    else this.#connection.send(statusResponse(frame.streamId, statusOf(failure)));
    for (const event of held) this.#inOrder(event);
    this.#closeIfDrained();
  }

  #inOrder(event: () => void): void {
    if (this.#held === undefined) event();
    else this.#held.push(event);
  }

  #start(frame: Frame, request: Request): void {
    const entry = this.#registry.find(request.service, request.method);
    if (entry instanceof ShimError) {
      this.#connection.send(statusResponse(frame.streamId, statusOf(entry)));
      return;
    }
    const call = new ServerCall(frame.streamId, request, entry.fullMethod);
    this.#calls.set(frame.streamId, call);
    this.#running += 1;
    if (entry.kind === "stream") {
      this.#startStream(call, entry, frame, request.payload);
      return;
    }
    let result: unknown;
    try {
      result = entry.run(decodeMessage(entry.method.input, request.payload, "request"), call);
    } catch (error) {
      this.#failed(call, error);
      return;
    }
    this.#settle(call, entry, result);
  }

  #startStream(call: ServerCall, entry: MethodEntry & { kind: "stream" }, frame: Frame, payload: Uint8Array): void {
    const queue = new ReceiveQueue((error) => this.#fail(call, error));
    call.queue = queue;
    // A request that came with the opening is a message; for a method with one request even an empty one is.
    if (!entry.method.clientStreaming || payload.length > 0) queue.push(payload);
    if (!entry.method.clientStreaming || frame.flags & FrameFlags.remoteClosed) queue.end();
    const stream = new ServerStream(this.#connection, call, entry.method, queue);
    let result: unknown;
    try {
      result = entry.run(stream, call);
    } catch (error) {
      this.#failed(call, error, stream);
      return;
    }
    this.#settle(call, entry, result, stream);
  }

  /** What a handler returned is answered, in the same turn unless it is a promise. No closures: most calls are short. */
  #settle(call: ServerCall, entry: MethodEntry, result: unknown, stream?: ServerStream): void {
    if (!isThenable(result)) {
      this.#returned(call, entry, result, stream);
      return;
    }
    call.armDeadline();
    result.then(
      (value) => this.#returned(call, entry, value, stream),
      (error) => this.#failed(call, error, stream),
    );
  }

  #returned(call: ServerCall, entry: MethodEntry, result: unknown, stream?: ServerStream): void {
    this.#leave(call);
    if (!call.answered) this.#sendResult(call, entry, result, stream);
    this.#finish(call);
  }

  #failed(call: ServerCall, error: unknown, stream?: ServerStream): void {
    this.#leave(call);
    if (!call.answered) this.#sendError(call, error, stream);
    this.#finish(call);
  }

  #leave(call: ServerCall): void {
    this.#running -= 1;
    this.#calls.delete(call.streamId);
  }

  #finish(call: ServerCall): void {
    call.finish();
    if (call.queue !== undefined) call.queue.end(call.abortReason, { discard: true });
    this.#closeIfDrained();
  }

  #closeIfDrained(): void {
    if (this.#draining && this.#running === 0) this.#connection.close();
  }

  #sendResult(call: ServerCall, entry: MethodEntry, result: unknown, stream?: ServerStream): void {
    if (entry.method.serverStreaming) {
      stream?.closeSend();
      return;
    }
    try {
      this.#connection.send(okResponse(call.streamId, encodeMessage(entry.method.output, result)));
    } catch (error) {
      this.#sendError(call, error);
    }
  }

  #sendError(call: ServerCall, error: unknown, stream?: ServerStream): void {
    // After its close frame the stream is over for the client; a status would come for an unknown id.
    if (stream?.sendClosed) return;
    this.#connection.send(statusResponse(call.streamId, statusOf(error)));
  }

  #data(frame: Frame): void {
    const call = this.#calls.get(frame.streamId);
    if (call === undefined) {
      this.#reject(frame.streamId, "invalid-argument", "StreamID is no longer active");
      return;
    }
    const { queue } = call;
    if (queue === undefined) {
      this.#fail(call, new ShimError("invalid-argument", `${call.fullMethod} is unary; cannot take data`));
    } else if (queue.ended) {
      this.#fail(
        call,
        new ShimError("invalid-argument", `the stream of ${call.fullMethod} is closed; cannot take data`),
      );
    } else {
      if (!(frame.flags & FrameFlags.noData)) queue.push(frame.payload);
      if (frame.flags & FrameFlags.remoteClosed) queue.end();
    }
  }

  /** Ends a call over its handler's head; the connection and all other calls go on. */
  #fail(call: ServerCall, error: ShimError): void {
    if (call.answered) return;
    call.answered = true;
    this.#calls.delete(call.streamId);
    this.#connection.send(statusResponse(call.streamId, statusOf(error)));
    call.abort(error);
    call.queue?.end(error, { discard: true });
  }

  #closed(error?: ShimError): void {
    const reason = new ShimError("canceled", "the client's connection is gone; the call is canceled", { cause: error });
    for (const call of this.#calls.values()) {
      call.answered = true;
      call.abort(reason);
      // A client may have sent its last and left: what came stays to be read.
      call.queue?.end(closedError(reason));
    }
    this.#calls.clear();
    this.#options.closed(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
