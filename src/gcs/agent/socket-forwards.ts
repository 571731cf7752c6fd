import { randomUUID } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { alreadyExists, invalidArgument } from "../../errors/shim-error.ts";
import type { Logger } from "../../log/logger.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import type { Runtime, SocketServer } from "../../sys/runtime.ts";
import { splice } from "../../transport/splice.ts";
import { guestPath } from "../guest-path.ts";
import type { StreamClaims } from "./stream-table.ts";

export interface ForwardLimits {
  /** A connection, until the host has answered for it. */
  readonly answerMs: number;
  /** Connections that wait for that. */
  readonly waiting: number;
  /** Connections in all: each takes a channel of the guest channel. */
  readonly connections: number;
}

export const FORWARD_LIMITS: ForwardLimits = { answerMs: 30_000, waiting: 64, connections: 128 };

/** sockaddr_un.sun_path, without its NUL. */
const MAX_SOCKET_PATH = 107;

export interface ForwardedSocket {
  readonly forwardId: string;
  readonly socketPath: string;
}

/** The host's end, for as long as it takes requests. */
export interface ForwardHost {
  /** It has opened the stream; with an error: it has not, and will not. */
  answer(streamId: string, error: string): void;
  /** It takes no more: whoever waits for its answer is turned away. */
  leave(): void;
}

export type AskHost = (request: { streamId: string; forwardId: string }) => Promise<void>;

interface Bound {
  readonly forwardId: string;
  readonly server: SocketServer;
}

interface Waiting {
  readonly streamId: string;
  readonly forwardId: string;
  readonly client: ByteStream;
  readonly timer: NodeJS.Timeout;
}

/**
 * Unix sockets of the guest behind which the host has something: a connection becomes a stream that the host opens when it
 * is asked. Sockets outlive their host; connections that wait for it do not.
 */
export class SocketForwards {
  readonly #runtime: Pick<Runtime, "listen">;
  readonly #streams: StreamClaims;
  readonly #log: Logger;
  readonly #limits: ForwardLimits;
  readonly #bound = new Map<string, Bound>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #joined = new Set<ByteStream>();
  #ask: AskHost | undefined;

  constructor(
    runtime: Pick<Runtime, "listen">,
    streams: StreamClaims,
    log: Logger,
    limits: Partial<ForwardLimits> = {},
  ) {
    this.#runtime = runtime;
    this.#streams = streams;
    this.#log = log;
    this.#limits = { ...FORWARD_LIMITS, ...limits };
  }

  /**
   * All of them, or none; the sockets are there when it resolves. One that is bound for the same id stays as it is. Rejects
   * with already-exists for a path that is taken, invalid-argument for one that is none.
   */
  async bind(sockets: readonly ForwardedSocket[]): Promise<void> {
    const made: string[] = [];
    try {
      for (const { forwardId, socketPath } of sockets) {
        if (forwardId === "") throw invalidArgument(`socket ${socketPath} has no forward_id; cannot bind it`);
        const path = checkedPath(socketPath);
        const there = this.#bound.get(path);
        if (there?.forwardId === forwardId) continue;
        if (there !== undefined) throw alreadyExists(`${path} is bound for another forward_id; cannot bind it again`);
        await this.#listen(path, forwardId);
        made.push(path);
      }
    } catch (error) {
      for (const path of made) this.#close(path);
      throw error;
    }
  }

  /** Who waits by now is asked for at once. Throws already-exists while another host takes the requests. */
  attach(ask: AskHost): ForwardHost {
    if (this.#ask !== undefined)
      throw alreadyExists("requests for connections go to another Accept; end that one first");
    this.#ask = ask;
    for (const waiting of this.#waiting.values()) this.#request(waiting);
    return {
      answer: (streamId, error) => this.#answer(streamId, error),
      leave: () => {
        this.#ask = undefined;
        for (const { streamId } of [...this.#waiting.values()]) this.#take(streamId)?.client.destroy();
      },
    };
  }

  /** Sockets and connections. */
  close(): void {
    for (const path of [...this.#bound.keys()]) this.#close(path);
    for (const { streamId } of [...this.#waiting.values()]) this.#take(streamId)?.client.destroy();
    for (const client of this.#joined) client.destroy();
  }

  async #listen(path: string, forwardId: string): Promise<void> {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isSocket()) throw alreadyExists(`${path} exists and is no socket; cannot bind it`);
    rmSync(path, { force: true });
    const server = await this.#runtime.listen({ path }, (client) => this.#connected(client, forwardId));
    this.#bound.set(path, { forwardId, server });
    // Who may see the path may use it: containers run as any user.
    chmodSync(path, 0o666);
  }

  #close(path: string): void {
    this.#bound.get(path)?.server.close();
    this.#bound.delete(path);
  }

  #connected(client: ByteStream, forwardId: string): void {
    const { waiting, connections, answerMs } = this.#limits;
    if (this.#waiting.size >= waiting || this.#waiting.size + this.#joined.size >= connections) {
      this.#log.warn("too many connections to forwarded sockets: one is turned away", { forward: forwardId });
      client.destroy();
      return;
    }
    const streamId = `socketfwd-${randomUUID()}`;
    const timer = setTimeout(() => {
      this.#log.warn("the host did not answer for a forwarded connection: it ends", { forward: forwardId });
      this.#take(streamId)?.client.destroy();
    }, answerMs);
    const entry = { streamId, forwardId, client, timer };
    this.#waiting.set(streamId, entry);
    this.#request(entry);
  }

  /** A host that has left meanwhile takes its connections with it: `leave`. */
  #request({ streamId, forwardId }: Waiting): void {
    this.#ask?.({ streamId, forwardId }).catch(() => this.#take(streamId)?.client.destroy());
  }

  #answer(streamId: string, error: string): void {
    const waiting = this.#take(streamId);
    if (waiting === undefined) {
      this.#log.debug("the host answered for no connection that waits", { stream: streamId });
      return;
    }
    const { client, forwardId } = waiting;
    if (error !== "") {
      this.#log.warn("the host has no connection for a forwarded socket", { forward: forwardId, error });
      client.destroy();
      return;
    }
    try {
      void this.#join(client, this.#streams.claim(streamId));
    } catch (failure) {
      this.#log.warn("the host answered before it opened the stream", { forward: forwardId, error: failure });
      client.destroy();
    }
  }

  async #join(client: ByteStream, host: ByteStream): Promise<void> {
    this.#joined.add(client);
    await splice(client, host);
    this.#joined.delete(client);
  }

  #take(streamId: string): Waiting | undefined {
    const waiting = this.#waiting.get(streamId);
    if (waiting === undefined) return undefined;
    clearTimeout(waiting.timer);
    this.#waiting.delete(streamId);
    return waiting;
  }
}

function checkedPath(given: string): string {
  const path = guestPath(given, "Socket.socket_path");
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return path;
  throw invalidArgument(`Socket.socket_path has ${Buffer.byteLength(path)} bytes: use ${MAX_SOCKET_PATH} at the most`);
}
