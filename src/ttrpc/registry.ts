import { alreadyExists, ShimError } from "../errors/shim-error.ts";
import { chainServerStream, chainServerUnary, type Messages, type ServerInterceptor } from "./interceptor.ts";
import {
  type CallContext,
  fullMethodName,
  type MethodDescriptor,
  propertyName,
  type ServiceDescriptor,
} from "./service.ts";

/** A method that can be called: its handler behind the interceptors, streaming kinds brought to one shape. */
export type MethodEntry =
  | {
      readonly kind: "unary";
      readonly method: MethodDescriptor;
      readonly fullMethod: string;
      run(request: unknown, context: CallContext): unknown;
    }
  | {
      readonly kind: "stream";
      readonly method: MethodDescriptor;
      readonly fullMethod: string;
      run(stream: Messages, context: CallContext): unknown;
    };

type AnyHandler = (...args: unknown[]) => unknown;

/** Which services a server has. */
export class Registry {
  readonly #services = new Map<string, Map<string, MethodEntry>>();
  readonly #interceptors: readonly ServerInterceptor[];

  constructor(interceptors: readonly ServerInterceptor[]) {
    this.#interceptors = interceptors;
  }

  /** Throws already-exists when the name is taken. Methods without a handler answer Unimplemented. */
  register(service: ServiceDescriptor, handlers: object): void {
    if (this.#services.has(service.name)) {
      throw alreadyExists(`service ${service.name} is registered; cannot register it twice`);
    }
    const entries = new Map<string, MethodEntry>();
    for (const method of Object.values(service.methods)) {
      const handler: unknown = Reflect.get(handlers, propertyName(method.name));
      if (typeof handler !== "function") continue;
      entries.set(method.name, this.#entry(service.name, method, handler.bind(handlers) as AnyHandler));
    }
    this.#services.set(service.name, entries);
  }

  /** The method, or the Unimplemented error to answer with; the texts are Go's. */
  find(service: string, method: string): MethodEntry | ShimError {
    const methods = this.#services.get(service);
    if (methods === undefined) return new ShimError("unimplemented", `service ${service}`);
    return methods.get(method) ?? new ShimError("unimplemented", `method ${method}`);
  }

  #entry(service: string, method: MethodDescriptor, handler: AnyHandler): MethodEntry {
    const fullMethod = fullMethodName(service, method.name);
    if (!method.clientStreaming && !method.serverStreaming) {
      return { kind: "unary", method, fullMethod, run: chainServerUnary(this.#interceptors, handler) };
    }
    const last = method.clientStreaming ? handler : withRequest(handler);
    return { kind: "stream", method, fullMethod, run: chainServerStream(this.#interceptors, last) };
  }
}

/** A server-streaming handler takes its request first; on the stream that is the first message. */
function withRequest(handler: AnyHandler): (stream: Messages, context: CallContext) => Promise<unknown> {
  return async (stream, context) => handler(await stream.receive(), stream, context);
}
