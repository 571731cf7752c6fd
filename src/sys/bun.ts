/**
 * The Runtime of Bun: Bun.listen and Bun.connect with raw handlers (half the start-up
 * of node:net there), Bun.spawn, bun:ffi. Anything that first RPC does not need is
 * loaded when it is first used.
 */
import { closeSync, openSync, unlinkSync } from "node:fs";
import type { Socket, SocketHandler } from "bun";
import { loadLibrary } from "./bun-library.ts";
import { BunPoller } from "./bun-poller.ts";
import type { ByteStream } from "./byte-stream.ts";
import { adoptFd } from "./fd-carrier.ts";
import { socketPair } from "./libc-socket.ts";
import { ownChildren } from "./own-children.ts";
import { type Carrier, QueuedStream } from "./queued-stream.ts";
import type { ChildExit, ChildProcess, Runtime, SocketServer, SpawnOptions } from "./runtime.ts";
import { signalPoller } from "./signal-poller.ts";
import { signalNumber } from "./signals.ts";
import { SysError } from "./sys-error.ts";

/** The stream of a socket travels as its `data`. */
type StreamSocket = Socket<QueuedStream | undefined>;

class SocketCarrier implements Carrier {
  readonly #socket: StreamSocket;
  readonly #stream: QueuedStream;
  constructor(socket: StreamSocket, stream: QueuedStream) {
    this.#socket = socket;
    this.#stream = stream;
  }
  write(bytes: Uint8Array): number {
    const written = this.#socket.write(bytes);
    // -1: the socket is closed or half-closed by the peer's going; Bun says no more than that.
    if (written < 0) throw new SysError(32, "write");
    return written;
  }
  shutdown(): void {
    this.#socket.shutdown();
    this.#stream.onShut();
  }
  setReading(on: boolean): void {
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }
  release(): void {
    this.#socket.terminate();
  }
}

const streamHandlers: SocketHandler<QueuedStream | undefined> = {
  data(socket, chunk) {
    socket.data?.onData(chunk);
  },
  end(socket) {
    socket.data?.onEnd();
  },
  drain(socket) {
    socket.data?.onWritable();
  },
  close(socket, error) {
    socket.data?.onGone(error === undefined || error === null ? undefined : SysError.from(error, "read"));
  },
  error(_socket, error) {
    // Only what our own handlers threw arrives here: as loud as any other uncaught error.
    queueMicrotask(() => {
      throw error;
    });
  },
};

let poller: BunPoller | undefined;

export const runtime: Runtime = {
  name: "bun",

  async listen(target, onConnection): Promise<SocketServer> {
    const path = "path" in target ? target.path : undefined;
    const options = {
      allowHalfOpen: true,
      socket: {
        ...streamHandlers,
        open(socket: StreamSocket) {
          const stream = new QueuedStream();
          socket.data = stream;
          stream.attach(new SocketCarrier(socket, stream));
          onConnection(stream);
          stream.holdUntilOpen();
        },
      },
    };
    try {
      // Bun listens on an inherited fd too, its types do not say so.
      const where = ("path" in target ? { unix: target.path } : { fd: target.fd }) as { unix: string };
      const listener = Bun.listen<QueuedStream | undefined>({ ...options, ...where });
      return {
        close() {
          listener.stop(false);
          if (path !== undefined) unlinkIfThere(path);
        },
      };
    } catch (error) {
      throw SysError.from(error, "listen", path);
    }
  },

  async connect(path, options = {}): Promise<ByteStream> {
    options.signal?.throwIfAborted();
    const stream = new QueuedStream();
    try {
      await Bun.connect<QueuedStream | undefined>({
        unix: path,
        allowHalfOpen: true,
        data: stream,
        socket: {
          ...streamHandlers,
          open(socket) {
            stream.attach(new SocketCarrier(socket, stream));
            stream.holdUntilOpen();
          },
          connectError() {
            // The promise rejects with the same error.
          },
        },
      });
    } catch (error) {
      throw SysError.from(error, "connect", path);
    }
    if (options.signal?.aborted === true) {
      stream.destroy();
      throw options.signal.reason;
    }
    return stream;
  },

  adopt(fd, kind, direction = "both") {
    if (kind === "socket") return adoptSocket(fd, direction);
    if (kind === "port") return adoptFd(fd, "port", direction, signalPoller);
    poller ??= new BunPoller();
    return adoptFd(fd, kind, direction, poller);
  },

  spawn,
  loadLibrary,

  heapInUse(): number {
    Bun.gc(true);
    return process.memoryUsage().heapUsed;
  },

  forgetCode: () => Bun.shrink(),
};

function adoptSocket(fd: number, direction: "read" | "write" | "both"): ByteStream {
  const stream = new QueuedStream(direction);
  Bun.connect<QueuedStream | undefined>({
    // Bun connects to an open fd too, its overloads do not say so.
    ...({ fd } as unknown as { unix: string }),
    allowHalfOpen: true,
    data: stream,
    socket: {
      ...streamHandlers,
      open(socket) {
        stream.attach(new SocketCarrier(socket, stream));
        stream.holdUntilOpen();
      },
      connectError() {
        // The promise rejects with the same error.
      },
    },
  }).catch((error: unknown) => stream.onGone(SysError.from(error, "connect")));
  return stream;
}

/** A `pipe` is a socket pair, as in libuv: the one carrier that Bun polls natively in both directions. */
function spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
  options.signal?.throwIfAborted();
  const childEnds: number[] = [];
  const ourEnds: (number | undefined)[] = [];
  const stdio = (options.stdio ?? ["null", "null", "null"]).map((entry, index) => {
    ourEnds.push(undefined);
    if (typeof entry === "number") return entry;
    if (entry === "null") {
      if (index <= 2) return "ignore" as const;
      // Bun leaves an "ignore" above 2 closed.
      const fd = openSync("/dev/null", "r+");
      childEnds.push(fd);
      return fd;
    }
    const [ours, theirs] = socketPair();
    childEnds.push(theirs);
    ourEnds[index] = ours;
    return theirs;
  });
  let exit: (value: ChildExit) => void = () => {};
  const exited = new Promise<ChildExit>((resolve) => {
    exit = resolve;
  });
  try {
    const child = Bun.spawn({
      cmd: [...argv],
      // Bun's types fix the length of the tuple at spawn's own default.
      stdio: stdio as ["ignore", "ignore", "ignore"],
      detached: options.detached ?? false,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      // Bun's own default is the environment that this process began with.
      env: { ...(options.env ?? process.env) },
      onExit(_child, code, signal) {
        options.signal?.removeEventListener("abort", abort);
        const number = typeof signal === "string" ? signalNumber(signal) : (signal ?? undefined);
        exit(number === undefined ? { code: code ?? 255 } : { code: 128 + number, signal: number });
      },
    });
    const abort = () => child.kill(9);
    options.signal?.addEventListener("abort", abort, { once: true });
    ownChildren.add(child.pid, exited);
    const pipes = ourEnds.map((fd, index) => (fd === undefined ? undefined : adoptSocket(fd, pipeDirection(index))));
    return { pid: child.pid, pipes, exited, kill: (signal) => child.kill(signal) };
  } catch (error) {
    for (const fd of ourEnds) if (fd !== undefined) closeSync(fd);
    throw SysError.from(error, "spawn", argv[0]);
  } finally {
    for (const fd of childEnds) closeSync(fd);
  }
}

function pipeDirection(index: number): "read" | "write" | "both" {
  if (index === 0) return "write";
  return index <= 2 ? "read" : "both";
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Bun unlinks it itself in some versions; gone is what we want.
  }
}
