import type { Metadata } from "./metadata.ts";
import type { DuplexStream, ReceiveStream, SendStream } from "./stream.ts";

/**
 * Services as data: what `scripts/generate-proto` emits from a .proto (or `dynamic.ts` loads from one), and the types
 * of handlers and clients that follow from it.
 */
export interface MessageCodec<T> {
  encode(message: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

export interface MethodDescriptor {
  readonly name: string;
  readonly input: MessageCodec<unknown>;
  readonly output: MessageCodec<unknown>;
  readonly clientStreaming: boolean;
  readonly serverStreaming: boolean;
}

export interface ServiceDescriptor {
  /** Full name, as it goes over the wire: "containerd.task.v2.Task". */
  readonly name: string;
  readonly methods: Readonly<Record<string, MethodDescriptor>>;
}

/** What a handler knows of its call. */
export interface CallContext {
  readonly service: string;
  readonly method: string;
  /** "/service/Method" */
  readonly fullMethod: string;
  readonly metadata: Metadata;
  /**
   * Aborts with a ShimError as its reason: deadline-exceeded (the caller's deadline), canceled (the connection is gone,
   * the server closes, or the handler has returned), resource-exhausted or invalid-argument (the stream was failed).
   */
  readonly signal: AbortSignal;
  /** Unix time in milliseconds; undefined when the caller gave no timeout. */
  readonly deadline: number | undefined;
}

export interface CallOptions {
  /** Aborting gives the call up here; ttrpc has no frame that would tell the server. */
  readonly signal?: AbortSignal;
  /** Milliseconds, sent along: the server sets the same deadline. Unary calls only on the wire, as Go does. */
  readonly timeout?: number;
  readonly metadata?: Metadata;
}

type Input<M extends MethodDescriptor> = ReturnType<M["input"]["decode"]>;
type Output<M extends MethodDescriptor> = ReturnType<M["output"]["decode"]>;

export type UnaryHandler<I, O> = (request: I, context: CallContext) => O | Promise<O>;
export type ClientStreamHandler<I, O> = (requests: ReceiveStream<I>, context: CallContext) => O | Promise<O>;
export type ServerStreamHandler<I, O> = (
  request: I,
  responses: SendStream<O>,
  context: CallContext,
) => void | Promise<void>;
export type BidiHandler<I, O> = (stream: DuplexStream<I, O>, context: CallContext) => void | Promise<void>;

export type Handler<M extends MethodDescriptor> = M["clientStreaming"] extends true
  ? M["serverStreaming"] extends true
    ? BidiHandler<Input<M>, Output<M>>
    : ClientStreamHandler<Input<M>, Output<M>>
  : M["serverStreaming"] extends true
    ? ServerStreamHandler<Input<M>, Output<M>>
    : UnaryHandler<Input<M>, Output<M>>;

/** One handler a method; the method `CloseIO` is the property `closeIO`. */
export type Handlers<S extends ServiceDescriptor> = {
  readonly [K in keyof S["methods"] & string as Uncapitalize<K>]: Handler<S["methods"][K]>;
};

export type UnaryCall<I, O> = (request: I, options?: CallOptions) => Promise<O>;
export type ClientStreamCall<I, O> = (options?: CallOptions) => RequestStream<I, O>;
export type ServerStreamCall<I, O> = (request: I, options?: CallOptions) => ReceiveStream<O>;
export type BidiCall<I, O> = (options?: CallOptions) => DuplexStream<O, I>;

export interface RequestStream<I, O> extends SendStream<I> {
  /** Ends our side and waits for the one response. */
  closeAndReceive(): Promise<O>;
}

export type Call<M extends MethodDescriptor> = M["clientStreaming"] extends true
  ? M["serverStreaming"] extends true
    ? BidiCall<Input<M>, Output<M>>
    : ClientStreamCall<Input<M>, Output<M>>
  : M["serverStreaming"] extends true
    ? ServerStreamCall<Input<M>, Output<M>>
    : UnaryCall<Input<M>, Output<M>>;

/** The typed client of a service: `client.service(Task).state({ id, execId: "" })`. */
export type ServiceClient<S extends ServiceDescriptor> = {
  readonly [K in keyof S["methods"] & string as Uncapitalize<K>]: Call<S["methods"][K]>;
};

export function fullMethodName(service: string, method: string): string {
  return `/${service}/${method}`;
}

/** The property of handlers and clients for a method: its name with the first letter in lower case. */
export function propertyName(method: string): string {
  return method.slice(0, 1).toLowerCase() + method.slice(1);
}
