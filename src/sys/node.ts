/** The Runtime of Node (>= 20): node:net, node:child_process, koffi for C calls. */
import { spawn as spawnChild } from "node:child_process";
import { accessSync, closeSync, constants, fstatSync, openSync } from "node:fs";
import { Socket, type SocketConstructorOpts } from "node:net";
import { adoptFd, type Poller } from "./fd-carrier.ts";
import { hasPid, nodeChild } from "./node-child.ts";
import { loadLibrary } from "./node-library.ts";
import { adoptPty } from "./node-pty.ts";
import { adoptSocket, connect, listen } from "./node-sockets.ts";
import { ownChildren } from "./own-children.ts";
import type { ChildProcess, Runtime, SpawnOptions } from "./runtime.ts";
import { signalPoller } from "./signal-poller.ts";
import { errorCode, SysError } from "./sys-error.ts";

export const runtime: Runtime = {
  name: "node",

  listen,
  connect,

  adopt(fd, kind, direction = "both") {
    if (kind === "pty") return adoptPty(fd, direction);
    if (kind === "port") return adoptFd(fd, "port", direction, signalPoller);
    const stat = fstatSync(fd);
    // libuv has no stream for what never makes one wait: a regular file, /dev/null.
    if (!stat.isFIFO() && !stat.isSocket() && !isAnonymous(stat)) return adoptFd(fd, "pipe", direction, alwaysReady);
    const halves = { readable: direction !== "write", writable: direction !== "read" };
    return adoptSocket(openSocket(fd, halves), direction);
  },

  spawn,
  loadLibrary,

  heapInUse: () => process.memoryUsage().heapUsed,

  forgetCode: () => {},
};

/** An eventfd and its like: no file's type at all. */
function isAnonymous({ mode }: { readonly mode: number }): boolean {
  return (mode & constants.S_IFMT) === 0;
}

/** Node asks for a family that it knows; libuv reads and writes any stream socket (AF_VSOCK) as what it calls a pipe. */
function openSocket(fd: number, halves: { readable: boolean; writable: boolean }): Socket {
  try {
    return new Socket({ fd, allowHalfOpen: true, ...halves });
  } catch (error) {
    if (errorCode(error) !== "ERR_INVALID_FD_TYPE") throw error;
  }
  const { Pipe, constants } = (process as unknown as { binding(name: "pipe_wrap"): PipeWrap }).binding("pipe_wrap");
  const handle = new Pipe(constants.SOCKET);
  const failed = handle.open(fd);
  if (failed !== 0) throw new SysError(-failed, "open");
  return new Socket({ handle, allowHalfOpen: true, ...halves } as SocketConstructorOpts);
}

interface PipeWrap {
  readonly Pipe: new (type: number) => { open(fd: number): number };
  readonly constants: { readonly SOCKET: number };
}

const alwaysReady: Poller = {
  register(_fd, onReady) {
    let removed = false;
    return {
      request: (wanted) => void setImmediate(() => removed || onReady(wanted)),
      remove() {
        removed = true;
      },
    };
  },
};

function spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
  options.signal?.throwIfAborted();
  const [file = "", ...args] = argv;
  const opened: number[] = [];
  const stdio = (options.stdio ?? ["null", "null", "null"]).map((entry, index) => {
    if (entry !== "null") return entry;
    if (index <= 2) return "ignore";
    // Node leaves an "ignore" above 2 closed.
    const fd = openSync("/dev/null", "r+");
    opened.push(fd);
    return fd;
  });
  const child = spawnChild(file, args, {
    stdio,
    detached: options.detached ?? false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
  });
  for (const fd of opened) closeSync(fd);
  // Said twice by Node: now by the missing pid, later by this event.
  child.on("error", () => {});
  if (!hasPid(child)) throw spawnError(file, options.cwd);
  const started = nodeChild(child, stdio, options.signal);
  ownChildren.add(child.pid, started.exited);
  return started;
}

/** Node keeps the errno for its later event; the two usual reasons can be told at once. */
function spawnError(file: string, cwd: string | undefined): SysError {
  try {
    if (cwd !== undefined) accessSync(cwd);
    if (file.includes("/")) accessSync(file, constants.X_OK);
    return new SysError(file.includes("/") ? 8 : 2, "spawn", file);
  } catch (error) {
    return new SysError(errorCode(error) === "EACCES" ? 13 : 2, "spawn", file, { cause: error });
  }
}
