import { ShimError, unavailable } from "../../../../errors/shim-error.ts";
import { stringifyJson } from "../../../../oci/json.ts";
import type { ByteStream } from "../../../../sys/byte-stream.ts";
import { excerpt } from "../../../guest-console.ts";
import { answers, type QmpAnswer, type QmpArguments, type QmpCommand } from "./commands.ts";
import { events, isKnownEvent, type QmpEventData, type QmpEventName } from "./events.ts";
import { LineReader } from "./line-reader.ts";
import { parseMessage, type QemuVersion, type QmpMessage } from "./message.ts";
import { commandError } from "./qmp-error.ts";

/** Longest line that is read, in bytes. QEMU's longest answer to the commands here has a few thousand. */
export const MAX_LINE = 1024 * 1024;

interface Pending {
  readonly command: QmpCommand;
  /** The command and what it is about, for errors. */
  readonly what: string;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type CallArguments<K extends QmpCommand> = QmpArguments[K] extends undefined
  ? [args?: undefined, options?: { signal?: AbortSignal }]
  : [args: QmpArguments[K], options?: { signal?: AbortSignal }];

type Listener = (data: never) => void;

/**
 * A client of QEMU's monitor protocol over a byte stream (reference: QEMU, "QMP Protocol Specification"). Commands may
 * overlap; QEMU answers in order. The client ends when the stream does, or with data-loss at the first thing that is not
 * QMP: all that is pending rejects, `closed` tells the reason.
 */
export class QmpClient {
  /** Resolves with the reason when the monitor is gone: unavailable for an EOF or a reset. Never rejects. */
  readonly closed: Promise<Error>;
  readonly #stream: ByteStream;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<QmpEventName, Set<Listener>>();
  /** Who waits for an event. */
  readonly #waiters = new Set<(reason: Error) => void>();
  #greeted: { resolve(version: QemuVersion): void; reject(error: Error): void } | undefined;
  #lastId = 0;
  #reason: Error | undefined;
  #resolveClosed: (reason: Error) => void = () => undefined;
  #version: QemuVersion | undefined;

  private constructor(stream: ByteStream) {
    this.#stream = stream;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /**
   * Waits for the greeting and leaves negotiation mode. Takes the stream (not open yet) over; destroys it on failure.
   * Rejects with data-loss, unavailable, or the signal's reason: a monitor that has another client stays silent.
   */
  static async over(stream: ByteStream, options?: { signal?: AbortSignal }): Promise<QmpClient> {
    const client = new QmpClient(stream);
    const signal = options?.signal;
    const abort = (): void => client.#end(ShimError.from(signal?.reason));
    try {
      const greeting = new Promise<QemuVersion>((resolve, reject) => {
        client.#greeted = { resolve, reject };
      });
      client.#open();
      if (signal?.aborted) abort();
      signal?.addEventListener("abort", abort);
      client.#version = await greeting;
      await client.execute("qmp_capabilities");
      return client;
    } catch (error) {
      client.close();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  get version(): QemuVersion | undefined {
    return this.#version;
  }

  /**
   * Resolves with the command's answer. Rejects with what QEMU's refusal means (the cause is a QmpCommandError), with
   * unavailable or data-loss when the monitor is gone, or with the signal's reason: the command then goes on in QEMU, its
   * answer is dropped.
   */
  execute<K extends QmpCommand>(command: K, ...[args, options]: CallArguments<K>): Promise<QmpAnswer<K>> {
    const signal = options?.signal;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const what = describe(command, args);
      if (this.#reason !== undefined) throw unavailable(`QEMU's monitor is closed; cannot ${what}`, this.#reason);
      const id = ++this.#lastId;
      const onAbort = (): void => reject(signal?.reason);
      const settle = (): void => signal?.removeEventListener("abort", onAbort);
      this.#pending.set(id, {
        command,
        what,
        resolve: (value) => {
          settle();
          resolve(value as QmpAnswer<K>);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      signal?.addEventListener("abort", onAbort);
      const message = args === undefined ? { execute: command, id } : { execute: command, arguments: args, id };
      this.#stream.write(new TextEncoder().encode(`${stringifyJson(message)}\n`));
    });
  }

  /** Calls back for each such event from now on, in order with the answers. Returns how to stop. */
  on<N extends QmpEventName>(name: N, listener: (data: QmpEventData<N>) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /**
   * The first such event from now on for which `where` holds: ask before the command that brings it. Rejects when the
   * monitor closes, or with the signal's reason.
   */
  next<N extends QmpEventName>(
    name: N,
    options?: { where?: (data: QmpEventData<N>) => boolean; signal?: AbortSignal },
  ): Promise<QmpEventData<N>> {
    const { where, signal } = options ?? {};
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const stop = (): void => {
        off();
        this.#waiters.delete(onEnd);
        signal?.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        stop();
        reject(signal?.reason);
      };
      const off = this.on(name, (data) => {
        if (where !== undefined && !where(data)) return;
        stop();
        resolve(data);
      });
      signal?.addEventListener("abort", onAbort);
      const onEnd = (reason: Error): void => {
        stop();
        reject(unavailable(`QEMU's monitor closed before it told ${name}`, reason));
      };
      if (this.#reason !== undefined) onEnd(this.#reason);
      else this.#waiters.add(onEnd);
    });
  }

  /** Hangs up; QEMU goes on. Idempotent. */
  close(): void {
    this.#end(unavailable("QEMU's monitor was closed here"));
  }

  #open(): void {
    const reader = new LineReader(MAX_LINE, (line) => {
      if (this.#reason === undefined) this.#take(parseMessage(line));
    });
    this.#stream.open({
      data: (chunk) => {
        try {
          reader.push(chunk);
        } catch (error) {
          this.#end(ShimError.from(error, "internal"));
        }
      },
      end: () => this.#end(unavailable("QEMU closed its monitor")),
      drain: () => undefined,
      // It resets instead of closing when it quits with commands unread.
      close: (error) => this.#end(unavailable("QEMU's monitor is gone", error)),
    });
  }

  #take(message: QmpMessage): void {
    switch (message.kind) {
      case "greeting":
        if (this.#greeted === undefined) throw new ShimError("data-loss", "QEMU sent a second greeting");
        this.#greeted.resolve(message.version);
        this.#greeted = undefined;
        return;
      case "event":
        if (isKnownEvent(message.name)) this.#tell(message.name, message.data);
        return;
      case "return": {
        const { command, resolve } = this.#asked(message.id);
        // One that can't be read rejects with all others.
        const value = answers[command](message.value, command);
        this.#pending.delete(message.id);
        resolve(value);
        return;
      }
      case "error": {
        const { id, errorClass, desc } = message;
        if (id === undefined)
          throw new ShimError("data-loss", `QEMU could not read what this client sent: ${excerpt(desc)}`);
        const { what, reject } = this.#asked(id);
        this.#pending.delete(id);
        reject(commandError(what, errorClass, desc));
      }
    }
  }

  #asked(id: number): Pending {
    const pending = this.#pending.get(id);
    if (pending === undefined) throw new ShimError("data-loss", `QEMU answered command ${id}, which is not pending`);
    return pending;
  }

  #tell(name: QmpEventName, data: unknown): void {
    const read = events[name](data, name);
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(read as never);
  }

  #end(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#stream.destroy();
    this.#greeted?.reject(reason);
    this.#greeted = undefined;
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
    for (const waiter of [...this.#waiters]) waiter(reason);
    this.#resolveClosed(reason);
  }
}

/** The command with the id, name or path that it is about. */
function describe(command: QmpCommand, args: unknown): string {
  if (typeof args !== "object" || args === null) return command;
  const named = Object.entries(args).find(([name]) => ["id", "node-name", "path", "uri"].includes(name));
  return typeof named?.[1] === "string" ? `${command} of ${named[1]}` : command;
}
