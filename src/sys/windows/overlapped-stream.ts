/** A connected SOCKET as a byte stream by overlapped operations of our own, should libuv's not do for its family. */
import type { ByteStream } from "../byte-stream.ts";
import { type Carrier, QueuedStream } from "../queued-stream.ts";
import { SysError } from "../sys-error.ts";
import { completionPort } from "./completion-port.ts";
import { koffi } from "./ffi.ts";
import { Overlapped } from "./overlapped.ts";
import { closeSocket, type NativeSocket, shutDownSending, winsock } from "./winsock.ts";

const EIO = 5;
const BUFFER_BYTES = 64 * 1024;
/** WSABUF {u32 length, padding, pointer}, then the count and the flags of WSARecv. */
const HEAD_BYTES = 24;

/** One receive or send at a time, with the memory that it works on. */
class Transfer {
  readonly #operation = new Overlapped(HEAD_BYTES + BUFFER_BYTES);
  readonly #head: DataView;
  readonly #buffer: Uint8Array;
  busy = false;

  constructor() {
    const { extra } = this.#operation;
    this.#head = new DataView(extra.buffer, extra.byteOffset, HEAD_BYTES);
    this.#buffer = extra.subarray(HEAD_BYTES);
    this.#head.setBigUint64(8, koffi().address(this.#buffer), true);
  }

  receive(socket: NativeSocket, received: (error: Error | undefined, bytes: Uint8Array) => void): void {
    const { count, flags, descriptor, pointer } = this.#arm(BUFFER_BYTES);
    completionPort().start(
      {
        socket,
        operation: this.#operation,
        call: "recv",
        completed: (error, bytes) => this.#over(() => received(error, this.#buffer.slice(0, bytes))),
      },
      () => winsock().WSARecv(socket, descriptor, 1, count, flags, pointer, null),
    );
    this.busy = true;
  }

  /** Answers how many of the bytes it takes. */
  send(socket: NativeSocket, bytes: Uint8Array, sent: (error: Error | undefined, count: number) => void): number {
    const size = Math.min(bytes.length, BUFFER_BYTES);
    this.#buffer.set(bytes.subarray(0, size));
    const { count, descriptor, pointer } = this.#arm(size);
    completionPort().start(
      {
        socket,
        operation: this.#operation,
        call: "send",
        completed: (error, done) => this.#over(() => sent(error, done)),
      },
      () => winsock().WSASend(socket, descriptor, 1, count, 0, pointer, null),
    );
    this.busy = true;
    return size;
  }

  #arm(size: number) {
    const { extra, pointer } = this.#operation;
    this.#head.setUint32(0, size, true);
    this.#head.setBigUint64(16, 0n, true);
    return { descriptor: extra, count: extra.subarray(16, 20), flags: extra.subarray(20, 24), pointer };
  }

  #over(told: () => void): void {
    this.busy = false;
    told();
  }
}

class OverlappedCarrier implements Carrier {
  readonly #socket: NativeSocket;
  readonly #stream: QueuedStream;
  readonly #input = new Transfer();
  readonly #output = new Transfer();
  #reading = false;
  #ended = false;
  #shutting = false;
  #released = false;
  #sending = 0;

  constructor(socket: NativeSocket, stream: QueuedStream) {
    this.#socket = socket;
    this.#stream = stream;
    completionPort().associate(socket);
  }

  get full(): boolean {
    return this.#output.busy;
  }

  get queued(): number {
    return this.#sending;
  }

  write(bytes: Uint8Array): number {
    if (this.#output.busy) return 0;
    this.#sending = this.#output.send(this.#socket, bytes, (error, count) => this.#sent(error, count));
    return this.#sending;
  }

  shutdown(): void {
    this.#shutting = true;
    if (!this.#output.busy) this.#shutDown();
  }

  setReading(on: boolean): void {
    this.#reading = on;
    if (on) setImmediate(() => this.#receive());
  }

  /** Operations that are still pending end with the socket; their memory is the completion port's until then. */
  release(): void {
    this.#released = true;
    closeSocket(this.#socket);
  }

  #receive(): void {
    if (!this.#reading || this.#input.busy || this.#ended || this.#released) return;
    try {
      this.#input.receive(this.#socket, (error, bytes) => this.#received(error, bytes));
    } catch (error) {
      this.#stream.onGone(error instanceof Error ? error : undefined);
    }
  }

  #received(error: Error | undefined, bytes: Uint8Array): void {
    if (this.#released) return;
    if (error !== undefined) {
      this.#stream.onGone(error);
    } else if (bytes.length === 0) {
      this.#ended = true;
      this.#stream.onEnd();
    } else {
      this.#stream.onData(bytes);
      this.#receive();
    }
  }

  #sent(error: Error | undefined, count: number): void {
    const all = this.#sending;
    this.#sending = 0;
    if (this.#released) return;
    // The socket blocks: a send is done in full, or has failed.
    if (error !== undefined || count !== all) {
      this.#stream.onGone(error ?? new SysError(EIO, `send of ${all} bytes ended at ${count}`));
    } else if (this.#shutting) this.#shutDown();
    else this.#stream.onWritable();
  }

  #shutDown(): void {
    try {
      shutDownSending(this.#socket);
      // Not from inside the owner's call.
      setImmediate(() => this.#stream.onShut());
    } catch (error) {
      this.#stream.onGone(error instanceof Error ? error : undefined);
    }
  }
}

/** The socket is the stream's from now on, also where this throws. */
export function streamNativeSocket(socket: NativeSocket): ByteStream {
  const stream = new QueuedStream();
  try {
    stream.attach(new OverlappedCarrier(socket, stream));
  } catch (error) {
    closeSocket(socket);
    throw error;
  }
  stream.holdUntilOpen();
  return stream;
}
