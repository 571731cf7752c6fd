/** For tests: an in-memory connection, and a peer that speaks bytes and frames rather than calls. */

import assert from "node:assert/strict";
import { type ErrorKind, ShimError } from "../errors/shim-error.ts";
import { Status } from "../generated/google/rpc.ts";
import { Request, Response } from "../generated/ttrpc.ts";
import type { ByteStream, ByteStreamHandler } from "../sys/byte-stream.ts";
import { Client, type ClientOptions } from "./client.ts";
import { encodeFrame, type Frame, FrameDecoder, FrameFlags, FrameType } from "./frame.ts";
import { Server, type ServerOptions } from "./server.ts";
import type { Handlers, ServiceClient } from "./service.ts";

const highWater = 64 << 10;

class MemoryEnd implements ByteStream {
  peer: MemoryEnd | undefined;
  #handler: ByteStreamHandler | undefined;
  #inbox: Uint8Array[] = [];
  #inboxBytes = 0;
  #paused = false;
  #owesDrain = false;
  #ended = false;
  #peerEnded = false;
  #endTold = false;
  #gone = false;
  #error: Error | undefined;
  #closeTold = false;
  #scheduled = false;

  open(handler: ByteStreamHandler): void {
    this.#handler = handler;
    this.#schedule();
  }

  write(chunk: Uint8Array): boolean {
    const { peer } = this;
    if (this.#ended || this.#gone || peer === undefined) return false;
    peer.#inbox.push(chunk);
    peer.#inboxBytes += chunk.length;
    peer.#schedule();
    this.#owesDrain = peer.#inboxBytes >= highWater;
    return !this.#owesDrain;
  }

  end(): void {
    if (this.#ended || this.#gone || this.peer === undefined) return;
    this.#ended = true;
    this.peer.#peerEnded = true;
    this.peer.#schedule();
    this.#schedule();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  destroy(error?: Error): void {
    this.shut(error);
    this.peer?.shut(new Error("the connection was reset"));
  }

  drained(): void {
    if (!this.#owesDrain) return;
    this.#owesDrain = false;
    setImmediate(() => this.#handler?.drain());
  }

  shut(error: Error | undefined): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#error = error;
    this.#inbox = [];
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#handler === undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const handler = this.#handler;
    if (handler === undefined || this.#closeTold) return;
    for (let chunk = this.#next(); chunk !== undefined; chunk = this.#next()) handler.data(chunk);
    if (!this.#paused && this.#inbox.length === 0 && this.#peerEnded && !this.#endTold && !this.#gone) {
      this.#endTold = true;
      handler.end();
    }
    if (this.#gone || (this.#ended && this.#endTold)) {
      this.#gone = true;
      this.#closeTold = true;
      handler.close(this.#error);
    }
  }

  #next(): Uint8Array | undefined {
    if (this.#paused) return undefined;
    const chunk = this.#inbox.shift();
    this.#inboxBytes -= chunk?.length ?? 0;
    if (this.#inboxBytes < highWater) this.peer?.drained();
    return chunk;
  }
}

export function streamPair(): [ByteStream, ByteStream] {
  const [a, b] = [new MemoryEnd(), new MemoryEnd()];
  a.peer = b;
  b.peer = a;
  return [a, b];
}

export function requestFrame(streamId: number, request: Partial<Request>, flags: number = FrameFlags.none): Uint8Array {
  return encodeFrame(streamId, FrameType.request, flags, Request.encode(Request.create(request)));
}

/** One end of a connection in the hands of a test. */
export class RawPeer {
  readonly stream: ByteStream;
  /** Resolves when the connection is over for the peer. */
  readonly closed: Promise<void>;
  /** How many times the other end wrote. */
  chunks = 0;
  ended = false;
  readonly #frames: Frame[] = [];
  #waiting: ((frame: Frame | undefined) => void)[] = [];
  #over = false;

  constructor(stream: ByteStream) {
    this.stream = stream;
    const decoder = new FrameDecoder({ frame: (frame) => this.#arrived(frame), oversize: () => {} });
    this.closed = new Promise((resolve) => {
      stream.open({
        data: (chunk) => {
          this.chunks += 1;
          decoder.push(chunk);
        },
        end: () => {
          this.ended = true;
        },
        drain() {},
        close: () => {
          this.#over = true;
          for (const wake of this.#waiting) wake(undefined);
          this.#waiting = [];
          resolve();
        },
      });
    });
  }

  write(bytes: Uint8Array): void {
    this.stream.write(bytes);
  }

  request(streamId: number, request: Partial<Request>, flags: number = FrameFlags.none): void {
    this.write(requestFrame(streamId, request, flags));
  }

  data(streamId: number, payload: Uint8Array, flags: number = FrameFlags.none): void {
    this.write(encodeFrame(streamId, FrameType.data, flags, payload));
  }

  respond(streamId: number, response: Partial<Response>): void {
    this.write(encodeFrame(streamId, FrameType.response, FrameFlags.none, Response.encode(Response.create(response))));
  }

  /** The next frame from the other end; undefined when the connection ended first. */
  frame(): Promise<Frame | undefined> {
    const frame = this.#frames.shift();
    if (frame !== undefined || this.#over) return Promise.resolve(frame);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The next frame, which must be a RESPONSE. */
  async response(): Promise<{ streamId: number; response: Response }> {
    const frame = await this.frame();
    if (frame?.type !== FrameType.response) throw new Error(`wanted a RESPONSE, got ${JSON.stringify(frame)}`);
    return { streamId: frame.streamId, response: Response.decode(frame.payload) };
  }

  #arrived(frame: Frame): void {
    const wake = this.#waiting.shift();
    if (wake === undefined) this.#frames.push(frame);
    else wake(frame);
  }
}

/** A promise and what settles it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let resolve = (_value: T): void => {};
  let reject = (_error: unknown): void => {};
  const promise = new Promise<T>((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  return { promise, resolve, reject };
}

export function isKind(kind: ErrorKind, message?: string | RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ShimError, String(error));
    assert.equal(error.kind, kind, error.message);
    if (typeof message === "string") assert.equal(error.message, message);
    else if (message !== undefined) assert.match(error.message, message);
    return true;
  };
}

/** A service with every kind of method, over google.rpc.Status because it has a number and a text. */
export const Probe = {
  name: "uvmshim.test.Probe",
  methods: {
    Unary: { name: "Unary", input: Status, output: Status, clientStreaming: false, serverStreaming: false },
    Hold: { name: "Hold", input: Status, output: Status, clientStreaming: false, serverStreaming: false },
    Collect: { name: "Collect", input: Status, output: Status, clientStreaming: true, serverStreaming: false },
    Spread: { name: "Spread", input: Status, output: Status, clientStreaming: false, serverStreaming: true },
    Talk: { name: "Talk", input: Status, output: Status, clientStreaming: true, serverStreaming: true },
  },
} as const;

export const text = (message: string, code = 0): Status => ({ code, message, details: [] });

/** A server with these handlers of Probe, and one connection to it. */
export function serverWithPeer(
  handlers: Partial<Handlers<typeof Probe>>,
  options: ServerOptions = {},
): { server: Server; peer: RawPeer } {
  const server = new Server(options);
  server.register(Probe, handlers);
  const [ours, theirs] = streamPair();
  server.accept(ours);
  return { server, peer: new RawPeer(theirs) };
}

/** A server with these handlers of Probe, and a client of it. */
export function serverWithClient(
  handlers: Partial<Handlers<typeof Probe>>,
  options: { server?: ServerOptions; client?: ClientOptions } = {},
): { server: Server; client: Client; probe: ServiceClient<typeof Probe> } {
  const server = new Server(options.server);
  server.register(Probe, handlers);
  const client = clientOf(server, options.client);
  return { server, client, probe: client.service(Probe) };
}

export function clientOf(server: Server, options: ClientOptions = {}): Client {
  const [ours, theirs] = streamPair();
  server.accept(ours);
  return new Client(theirs, options);
}

/** A client whose server is the test itself. */
export function clientWithPeer(options: ClientOptions = {}): {
  client: Client;
  probe: ServiceClient<typeof Probe>;
  peer: RawPeer;
} {
  const [ours, theirs] = streamPair();
  const client = new Client(ours, options);
  return { client, probe: client.service(Probe), peer: new RawPeer(theirs) };
}
