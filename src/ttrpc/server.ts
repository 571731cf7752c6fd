import type { ShimError } from "../errors/shim-error.ts";
import type { ByteStream } from "../sys/byte-stream.ts";
import type { ServerInterceptor } from "./interceptor.ts";
import { Registry } from "./registry.ts";
import { ServerConnection } from "./server-connection.ts";
import type { Handlers, ServiceDescriptor } from "./service.ts";
import { serverClosedError } from "./status.ts";

export interface ServerOptions {
  readonly interceptors?: readonly ServerInterceptor[];
  /** Calls under way on one connection, above which more are answered ResourceExhausted. Default 10 000. */
  readonly maxConcurrentCalls?: number;
  /** Replies that a client may leave unread before its connection is dropped. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
  /** A connection ended badly: reset, EOF inside a frame, replies left unread. For logs. */
  onConnectionError?(error: ShimError): void;
}

/** Something that brings connections, and stops bringing them. */
export interface Listener {
  close(): void;
}

/** A ttrpc server over any number of listeners and connections. */
export class Server {
  readonly #options: ServerOptions;
  readonly #registry: Registry;
  readonly #listeners = new Set<Listener>();
  readonly #connections = new Set<ServerConnection>();
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(options: ServerOptions = {}) {
    this.#options = options;
    this.#registry = new Registry(options.interceptors ?? []);
  }

  /** Throws already-exists for a service that is registered. Methods without a handler answer Unimplemented. */
  register<S extends ServiceDescriptor>(service: S, handlers: Partial<Handlers<S>>): void {
    this.#registry.register(service, handlers);
  }

  /**
   * These services are registered by `load`, when one of them is called for the first time; that call, and what follows it
   * on its connection, waits for it. A failure is that call's, and the next one tries again. Throws already-exists as `register`.
   */
  registerLate(names: readonly string[], load: () => Promise<void>): void {
    this.#registry.registerLate(names, load);
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Serves one connection. After a shutdown or close: destroys it. */
  accept(stream: ByteStream): void {
    if (this.#closed) {
      stream.destroy();
      return;
    }
    const { maxConcurrentCalls = 10_000, maxQueuedBytes } = this.#options;
    const connection = new ServerConnection(stream, this.#registry, {
      maxConcurrentCalls,
      ...(maxQueuedBytes === undefined ? {} : { maxQueuedBytes }),
      closed: (error) => {
        this.#connections.delete(connection);
        if (error !== undefined && !this.#closed) this.#options.onConnectionError?.(error);
        this.#wakeIfIdle();
      },
    });
    this.#connections.add(connection);
    connection.open();
  }

  /** Ties a listener's life to the server's. Throws unavailable, and closes the listener, when the server is closed. */
  addListener(listener: Listener): void {
    if (this.#closed) {
      listener.close();
      throw serverClosedError();
    }
    this.#listeners.add(listener);
  }

  /**
   * Graceful: no new connections, no new calls, and each connection ends once its calls have been answered. Rejects
   * with the signal's reason when it aborts first; what is left then goes on until `close`.
   */
  async shutdown(options: { signal?: AbortSignal } = {}): Promise<void> {
    this.#stopListening();
    for (const connection of [...this.#connections]) connection.drain();
    if (this.#connections.size === 0) return;
    const { signal } = options;
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => reject(signal?.reason);
      signal?.addEventListener("abort", abort, { once: true });
      this.#idle.push(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
    });
  }

  /** Immediate: every connection is destroyed, the signal of every call under way aborts (canceled). Idempotent. */
  close(): void {
    this.#stopListening();
    for (const connection of [...this.#connections]) connection.destroy();
  }

  #stopListening(): void {
    this.#closed = true;
    for (const listener of this.#listeners) listener.close();
    this.#listeners.clear();
  }

  #wakeIfIdle(): void {
    if (this.#connections.size > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const wake of idle) wake();
  }
}
