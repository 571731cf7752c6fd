/**
 * A byte stream over any fd that read(2) and write(2) work on: pipe, FIFO, pty
 * master, file. For runtimes whose own streams do not serve such fds.
 */
import type { ByteStream } from "./byte-stream.ts";
import { close, read, setNonBlocking, write } from "./libc.ts";
import { type Carrier, QueuedStream } from "./queued-stream.ts";
import { SysError } from "./sys-error.ts";

/** Tells when an fd is ready; each request is answered once. */
export interface Poller {
  register(fd: number, onReady: (ready: Readiness) => void): Registration;
}

/** Hang-up and error count as both: the next read or write tells which. */
export interface Readiness {
  readonly readable: boolean;
  readonly writable: boolean;
}

export interface Registration {
  /** Replaces the request before. */
  request(wanted: Readiness): void;
  /** Before the fd is closed: nothing is called after it. */
  remove(): void;
}

const chunkSize = 64 * 1024;
/** What a port hands out at a time, whatever is asked for: reads go on while there is room for so much. */
const portionSize = 4096;
/** Chunks read in one go before others get their turn. */
const readBudget = 4;

let scratch: Uint8Array | undefined;

/** Takes the fd over; makes its open file description non-blocking, for whoever shares it. */
export function adoptFd(
  fd: number,
  kind: "pipe" | "pty" | "port",
  direction: "read" | "write" | "both",
  poller: Poller,
): ByteStream {
  setNonBlocking(fd, true);
  const stream = new QueuedStream(direction);
  stream.attach(new FdCarrier(stream, fd, kind, poller));
  stream.holdUntilOpen();
  return stream;
}

class FdCarrier implements Carrier {
  readonly #stream: QueuedStream;
  readonly #fd: number;
  readonly #kind: "pipe" | "pty" | "port";
  readonly #registration: Registration;
  #reading = true;
  #writing = false;
  #released = false;
  /** The last turn of reading left off before the fd had no more: no poller need be asked, which is a thread away in Bun. */
  #more = false;
  #soon: NodeJS.Immediate | undefined;

  constructor(stream: QueuedStream, fd: number, kind: "pipe" | "pty" | "port", poller: Poller) {
    this.#stream = stream;
    this.#fd = fd;
    this.#kind = kind;
    this.#registration = poller.register(fd, (ready) => this.#onReady(ready));
  }

  write(bytes: Uint8Array): number {
    let done = 0;
    while (done < bytes.length) {
      const written = write(this.#fd, done === 0 ? bytes : bytes.subarray(done));
      if (written === undefined) {
        this.#writing = true;
        this.#request();
        break;
      }
      done += written;
    }
    return done;
  }

  /** A pipe's EOF is the closing of its fd, which follows; a pty has none to give. */
  shutdown(): void {
    this.#stream.onShut();
  }

  setReading(on: boolean): void {
    if (this.#reading === on) return;
    this.#reading = on;
    if (on) this.#request();
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    clearImmediate(this.#soon);
    this.#registration.remove();
    close(this.#fd);
  }

  #request(): void {
    if (this.#released) return;
    const readOn = this.#reading && this.#more;
    if (readOn) this.#soon ??= setImmediate(() => this.#readOn());
    const readable = this.#reading && !readOn;
    if (readable || this.#writing) this.#registration.request({ readable, writable: this.#writing });
  }

  #readOn(): void {
    this.#soon = undefined;
    if (!this.#reading) return;
    this.#read();
    this.#request();
  }

  #onReady(ready: Readiness): void {
    if (ready.writable && this.#writing) {
      this.#writing = false;
      this.#stream.onWritable();
    }
    if (ready.readable && this.#reading && !this.#released) this.#read();
    this.#request();
  }

  #read(): void {
    scratch ??= new Uint8Array(chunkSize);
    this.#more = true;
    for (let i = 0; i < readBudget && this.#reading && !this.#released; i++) {
      const { filled, told } = this.#fill(scratch);
      if (filled > 0) this.#stream.onData(scratch.slice(0, filled));
      if (this.#released) return;
      if (told !== "more" || filled < chunkSize - portionSize) this.#more = false;
      if (told === "end") {
        this.#end();
        return;
      }
      if (told instanceof Error) {
        this.#stream.onGone(told);
        return;
      }
      if (!this.#more) return;
    }
  }

  /** One read; of a port as many as there is something for. `told`: by the last one. */
  #fill(into: Uint8Array): { readonly filled: number; readonly told: "more" | "later" | "end" | Error } {
    let filled = 0;
    try {
      do {
        const count = read(this.#fd, filled === 0 ? into : into.subarray(filled));
        if (count === undefined) return { filled, told: "later" };
        if (count === 0) return { filled, told: "end" };
        filled += count;
      } while (this.#kind === "port" && into.length - filled >= portionSize);
      return { filled, told: "more" };
    } catch (error) {
      const failure = SysError.from(error, "read");
      // The last slave is closed: the one EOF that a pty knows.
      return { filled, told: this.#kind === "pty" && failure.code === "EIO" ? "end" : failure };
    }
  }

  #end(): void {
    this.#reading = false;
    this.#stream.onEnd();
  }
}
