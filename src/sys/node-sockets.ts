/** Node's stream sockets, unix and named pipes, as byte streams. */
import { createConnection, createServer, type Socket } from "node:net";
import type { ByteStream } from "./byte-stream.ts";
import { type Carrier, QueuedStream } from "./queued-stream.ts";
import type { SocketServer } from "./runtime.ts";
import { SysError } from "./sys-error.ts";

export function listen(
  target: { path: string } | { fd: number },
  onConnection: (stream: ByteStream) => void,
): Promise<SocketServer> {
  const path = "path" in target ? target.path : undefined;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const stream = new QueuedStream();
    stream.attach(new SocketCarrier(socket, stream));
    onConnection(stream);
    stream.holdUntilOpen();
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(SysError.from(error, "listen", path)));
    server.listen(target, () => resolve({ close: () => void server.close() }));
  });
}

export function connect(path: string, options: { signal?: AbortSignal } = {}): Promise<ByteStream> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = createConnection({ path, allowHalfOpen: true });
    const abort = () => {
      socket.destroy();
      reject(signal?.reason);
    };
    const fail = (error: Error) => {
      signal?.removeEventListener("abort", abort);
      reject(SysError.from(error, "connect", path));
    };
    signal?.addEventListener("abort", abort, { once: true });
    socket.once("error", fail);
    socket.once("connect", () => {
      signal?.removeEventListener("abort", abort);
      socket.off("error", fail);
      const stream = new QueuedStream();
      stream.attach(new SocketCarrier(socket, stream));
      stream.holdUntilOpen();
      resolve(stream);
    });
  });
}

export class SocketCarrier implements Carrier {
  readonly #socket: Socket;
  readonly #stream: QueuedStream;
  full = false;

  constructor(socket: Socket, stream: QueuedStream) {
    this.#socket = socket;
    this.#stream = stream;
    socket.on("data", (chunk: Buffer) => stream.onData(chunk));
    socket.on("end", () => this.onEnd());
    socket.on("drain", () => {
      this.full = false;
      stream.onWritable();
    });
    socket.on("error", (error) => this.onError(error));
    socket.on("close", () => stream.onGone());
  }
  get queued(): number {
    return this.#socket.writableLength;
  }
  write(bytes: Uint8Array): number {
    this.full = !this.#socket.write(bytes);
    return bytes.length;
  }
  shutdown(): void {
    this.#socket.end(() => this.#stream.onShut());
  }
  setReading(on: boolean): void {
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }
  release(): void {
    this.#socket.destroy();
  }
  protected onEnd(): void {
    this.#stream.onEnd();
  }
  protected onError(error: Error): void {
    this.#stream.onGone(SysError.from(error, "write"));
  }
}

export function adoptSocket(socket: Socket, direction: "read" | "write" | "both"): ByteStream {
  const stream = new QueuedStream(direction);
  stream.attach(new SocketCarrier(socket, stream));
  stream.holdUntilOpen();
  return stream;
}
