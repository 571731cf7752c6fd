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

interface Registered {
  readonly service: ServiceDescriptor;
  readonly handlers: object;
  /** Of methods that were called: a server's start is no time to make them all. */
  readonly entries: Map<string, MethodEntry>;
}

/** Which services a server has. */
export class Registry {
  readonly #services = new Map<string, Registered>();
  /** Loads a service that is yet to be registered. */
  readonly #late = new Map<string, () => Promise<void>>();
  readonly #interceptors: readonly ServerInterceptor[];

  constructor(interceptors: readonly ServerInterceptor[]) {
    this.#interceptors = interceptors;
  }

  /** Throws already-exists when the name is taken. Methods without a handler answer Unimplemented. */
  register(service: ServiceDescriptor, handlers: object): void {
    this.#checkNew(service.name, this.#services);
    this.#services.set(service.name, { service, handlers, entries: new Map() });
  }

  /** These services are registered by `load`, once one of them is called. Throws as `register`. */
  registerLate(names: readonly string[], load: () => Promise<void>): void {
    let loading: Promise<void> | undefined;
    const loadOnce = async (): Promise<void> => {
      loading ??= load();
      try {
        await loading;
        for (const name of names) this.#late.delete(name);
      } catch (error) {
        loading = undefined;
        throw error;
      }
    };
    for (const name of names) {
      this.#checkNew(name, this.#services);
      this.#checkNew(name, this.#late);
      this.#late.set(name, loadOnce);
    }
  }

  /** Undefined where `find` can be asked; else after what. Rejects where that fails, and a later call tries again. */
  load(service: string): Promise<void> | undefined {
    return this.#late.get(service)?.();
  }

  /** The method, or the Unimplemented error to answer with; the texts are Go's. */
  find(service: string, method: string): MethodEntry | ShimError {
    const registered = this.#services.get(service);
    if (registered === undefined) return new ShimError("unimplemented", `service ${service}`);
    const known = registered.entries.get(method);
    if (known !== undefined) return known;
    const entry = this.#make(registered, method);
    if (entry === undefined) return new ShimError("unimplemented", `method ${method}`);
    registered.entries.set(method, entry);
    return entry;
  }

  #checkNew(name: string, known: ReadonlyMap<string, unknown>): void {
    if (known.has(name)) throw alreadyExists(`service ${name} is registered; cannot register it twice`);
  }

  #make({ service, handlers }: Registered, name: string): MethodEntry | undefined {
    const method = Object.hasOwn(service.methods, name) ? service.methods[name] : undefined;
    if (method === undefined) return undefined;
    const handler: unknown = Reflect.get(handlers, propertyName(name));
    if (typeof handler !== "function") return undefined;
    return this.#entry(service.name, method, handler.bind(handlers) as AnyHandler);
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
