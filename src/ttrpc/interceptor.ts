import type { Metadata } from "./metadata.ts";
import type { CallContext } from "./service.ts";
import type { DuplexStream } from "./stream.ts";

/**
 * Interceptors wrap calls, on both sides. A chain runs in the order of registration: the first is the outermost.
 * Streaming calls of every kind look like a duplex stream to them; a client-stream handler's response is what `next`
 * returns. A server chain in which nothing is asynchronous stays synchronous.
 */
export interface ServerInterceptor {
  unary?(request: unknown, context: CallContext, next: (request: unknown, context: CallContext) => unknown): unknown;
  stream?(stream: Messages, context: CallContext, next: (stream: Messages, context: CallContext) => unknown): unknown;
}

export interface ClientInterceptor {
  unary?(
    request: unknown,
    call: ClientCall,
    next: (request: unknown, call: ClientCall) => Promise<unknown>,
  ): Promise<unknown>;
  stream?(call: ClientCall, next: (call: ClientCall) => Messages): Messages;
}

export type Messages = DuplexStream<unknown, unknown>;

/** A call that is about to go out; interceptors may add to its metadata or pass on a changed copy. */
export interface ClientCall {
  readonly service: string;
  readonly method: string;
  /** "/service/Method" */
  readonly fullMethod: string;
  readonly metadata: Metadata;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  /** The one request of a server-streaming call. */
  readonly request?: unknown;
}

/** Both arguments by name: an array for each call and step would be a good part of what a short call costs. */
type Step<A, B, R> = (first: A, second: B, next: (first: A, second: B) => R) => R;

/** `steps[0]` around `steps[1]` around ... around `last`. */
function chain<A, B, R>(steps: readonly Step<A, B, R>[], last: (first: A, second: B) => R): (first: A, second: B) => R {
  return steps.reduceRight<(first: A, second: B) => R>(
    (next, step) => (first, second) => step(first, second, next),
    last,
  );
}

export function chainServerUnary(
  interceptors: readonly ServerInterceptor[],
  last: (request: unknown, context: CallContext) => unknown,
): (request: unknown, context: CallContext) => unknown {
  return chain(bound(interceptors, "unary"), last);
}

export function chainServerStream(
  interceptors: readonly ServerInterceptor[],
  last: (stream: Messages, context: CallContext) => unknown,
): (stream: Messages, context: CallContext) => unknown {
  return chain(bound(interceptors, "stream"), last);
}

export function chainClientUnary(
  interceptors: readonly ClientInterceptor[],
  last: (request: unknown, call: ClientCall) => Promise<unknown>,
): (request: unknown, call: ClientCall) => Promise<unknown> {
  return chain(bound(interceptors, "unary"), last);
}

export function chainClientStream(
  interceptors: readonly ClientInterceptor[],
  last: (call: ClientCall) => Messages,
): (call: ClientCall) => Messages {
  return bound(interceptors, "stream").reduceRight<(call: ClientCall) => Messages>(
    (next, step) => (call) => step(call, next),
    last,
  );
}

function bound<K extends "unary" | "stream", I extends { readonly [P in K]?: unknown }>(
  interceptors: readonly I[],
  kind: K,
): NonNullable<I[K]>[] {
  const steps: NonNullable<I[K]>[] = [];
  for (const interceptor of interceptors) {
    const step = interceptor[kind];
    if (typeof step === "function") steps.push(step.bind(interceptor));
  }
  return steps;
}
