import { ShimError } from "../errors/shim-error.ts";
import { Request, Response } from "../generated/ttrpc.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import { ClientStream } from "./client-stream.ts";
import { Connection } from "./connection.ts";
import { encodeFrame, type Frame, FrameFlags, type FrameHeader, FrameType, oversizeError } from "./frame.ts";
import {
  type ClientCall,
  type ClientInterceptor,
  chainClientStream,
  chainClientUnary,
  type Messages,
} from "./interceptor.ts";
import { decodeMessage, encodeMessage } from "./message.ts";
import { Metadata } from "./metadata.ts";
import { type PendingCall, watchCall } from "./pending.ts";
import {
  type CallOptions,
  fullMethodName,
  type MethodDescriptor,
  propertyName,
  type ServiceClient,
  type ServiceDescriptor,
} from "./service.ts";
import { closedError, errorOf } from "./status.ts";

export interface ClientOptions {
  readonly interceptors?: readonly ClientInterceptor[];
  /** Requests that the server may leave unread before calls are refused (resource-exhausted). Default 64 MiB. */
  readonly maxQueuedBytes?: number;
  /** Runs once, when the connection is over, whoever ended it; all calls have been failed before. */
  onClose?(error?: ShimError): void;
}

const noBytes = new Uint8Array(0);
const lastStreamId = 0xffffffff;

/** A ttrpc client over one connection. It does not reconnect: when the connection is over, so is the client. */
export class Client {
  readonly #interceptors: readonly ClientInterceptor[];
  readonly #connection: Connection;
  readonly #pending = new Map<number, PendingCall>();
  #nextStreamId = 1;
  #closedError: ShimError | undefined;
  readonly #closed: Promise<void>;

  constructor(stream: ByteStream, options: ClientOptions = {}) {
    this.#interceptors = options.interceptors ?? [];
    let resolveClosed = (): void => {};
    this.#closed = new Promise((resolve) => {
      resolveClosed = resolve;
    });
    this.#connection = new Connection(
      stream,
      {
        frame: (frame) => this.#frame(frame),
        oversize: (header) => this.#oversize(header),
        closed: (error) => {
          this.#lost(error);
          try {
            options.onClose?.(error);
          } finally {
            resolveClosed();
          }
        },
      },
      options.maxQueuedBytes === undefined ? {} : { maxQueuedBytes: options.maxQueuedBytes },
    );
    this.#connection.open();
  }

  /** A typed client of one service; cheap, any number may share the connection. */
  service<S extends ServiceDescriptor>(service: S): ServiceClient<S> {
    const calls: Record<string, unknown> = {};
    for (const method of Object.values(service.methods)) {
      calls[propertyName(method.name)] = this.#call(service.name, method);
    }
    return calls as ServiceClient<S>;
  }

  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /** Ends the connection; calls under way fail with unavailable "ttrpc: closed". Idempotent. */
  close(): void {
    this.#connection.close();
  }

  /** Resolves when the connection is over and `onClose` has run. Rejects with the signal's reason when it aborts first. */
  async closed(options: { signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    if (signal === undefined) return this.#closed;
    signal.throwIfAborted();
    let abort = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
    });
    try {
      await Promise.race([this.#closed, aborted]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #call(service: string, method: MethodDescriptor): unknown {
    const fullMethod = fullMethodName(service, method.name);
    const describe = (options: CallOptions = {}): ClientCall => ({
      service,
      method: method.name,
      fullMethod,
      metadata: options.metadata?.clone() ?? new Metadata(),
      signal: options.signal,
      timeout: options.timeout,
    });
    if (!method.clientStreaming && !method.serverStreaming) {
      const run = chainClientUnary(this.#interceptors, (request, call) => this.#unary(method, request, call));
      return (request: unknown, options?: CallOptions) => run(request, describe(options));
    }
    const open = chainClientStream(this.#interceptors, (call) => this.#stream(method, call));
    if (!method.clientStreaming) {
      return (request: unknown, options?: CallOptions) => open({ ...describe(options), request });
    }
    if (method.serverStreaming) return (options?: CallOptions) => open(describe(options));
    return (options?: CallOptions) => withOneResponse(open(describe(options)), fullMethod);
  }

  #unary(method: MethodDescriptor, request: unknown, call: ClientCall): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const payload = encodeMessage(method.input, request);
      const streamId = this.#send(call, FrameFlags.none, payload);
      const done = (): void => {
        this.#pending.delete(streamId);
        stopWatching();
      };
      const fail = (error: ShimError): void => {
        done();
        reject(error);
      };
      const stopWatching = watchCall(call.fullMethod, call, fail);
      this.#pending.set(streamId, {
        fail,
        data: () => fail(new ShimError("internal", `the server sent data for ${call.fullMethod}, which is unary`)),
        response(response) {
          done();
          const error = errorOf(response.status);
          if (error !== undefined) {
            reject(error);
            return;
          }
          try {
            resolve(decodeMessage(method.output, response.payload, "response"));
          } catch (thrown) {
            reject(thrown);
          }
        },
      });
    });
  }

  /** Never throws: a stream that could not be opened fails its `receive` and `send`. */
  #stream(method: MethodDescriptor, call: ClientCall): Messages {
    let release = (): void => {};
    const stream = new ClientStream(this.#connection, method, call.fullMethod, () => release());
    try {
      const payload = method.clientStreaming ? noBytes : encodeMessage(method.input, call.request);
      const streamId = this.#send(
        call,
        method.clientStreaming ? FrameFlags.remoteOpen : FrameFlags.remoteClosed,
        payload,
      );
      this.#pending.set(streamId, stream);
      const stopWatching = watchCall(call.fullMethod, call, (error) => stream.fail(error));
      release = () => {
        this.#pending.delete(streamId);
        stopWatching();
      };
      stream.opened(streamId);
    } catch (error) {
      stream.fail(ShimError.from(error, "internal"));
    }
    return stream;
  }

  /**
   * Sends a request; returns its stream id. The id is taken in the turn that queues the frame, so ids rise on the wire,
   * and only for a request that can be sent. Throws what a call fails with before it begins.
   */
  #send(call: ClientCall, flags: number, payload: Uint8Array): number {
    if (this.#closedError !== undefined) throw this.#closedError;
    if (call.signal?.aborted) throw ShimError.from(call.signal.reason, "canceled");
    const streamId = this.#nextStreamId;
    if (streamId > lastStreamId) {
      throw new ShimError("unavailable", "the connection has used up its stream ids; cannot call: connect anew");
    }
    const request = Request.encode({
      service: call.service,
      method: call.method,
      payload,
      timeoutNano: call.timeout === undefined ? 0n : timeoutNano(call.timeout),
      metadata: call.metadata.size === 0 ? [] : call.metadata.toPairs(),
    });
    const frame = encodeFrame(streamId, FrameType.request, flags, request);
    if (!this.#connection.hasRoom(frame.length)) {
      throw new ShimError("resource-exhausted", `the server does not read; cannot send ${call.fullMethod}`);
    }
    this.#nextStreamId += 2;
    this.#connection.send(frame);
    return streamId;
  }

  #frame(frame: Frame): void {
    // An id that we do not know is a late answer to a call that was given up.
    const call = this.#pending.get(frame.streamId);
    if (call === undefined) return;
    if (frame.type === FrameType.data) {
      call.data(frame);
    } else if (frame.type === FrameType.response) {
      let response: Response;
      try {
        response = Response.decode(frame.payload);
      } catch (error) {
        call.fail(new ShimError("internal", `the response is malformed; cannot decode it: ${String(error)}`));
        return;
      }
      call.response(response);
    }
  }

  #oversize(header: FrameHeader): void {
    this.#pending.get(header.streamId)?.fail(oversizeError(header.payloadLength));
  }

  #lost(cause?: ShimError): void {
    this.#closedError = closedError(cause);
    for (const call of [...this.#pending.values()]) call.fail(this.#closedError, { discard: false });
    this.#pending.clear();
  }
}

/** A timeout that has run out already is sent as one nanosecond: zero would mean none. */
function timeoutNano(milliseconds: number): bigint {
  const most = 2n ** 63n - 1n;
  const nano = milliseconds * 1e6;
  if (nano >= Number(most)) return most;
  return BigInt(Math.max(1, Math.round(nano)));
}

function withOneResponse(stream: Messages, fullMethod: string): unknown {
  return {
    send: (message: unknown) => stream.send(message),
    async closeAndReceive() {
      stream.closeSend();
      const response = await stream.receive();
      if (response === undefined) throw new ShimError("internal", `the server ended ${fullMethod} without a response`);
      return response;
    },
  };
}
