/**
 * The Runtime of Node (>= 22) on Windows: named pipes (`\\.\pipe\NAME`) where Linux has unix sockets and FIFOs. A pipe has
 * no half-close: `end()` sends what is queued and closes it some 50 ms later (libuv), so nobody may wait for an answer then.
 */
import { spawn as spawnChild } from "node:child_process";
import { unimplemented } from "../errors/shim-error.ts";
import { hasPid, nodeChild } from "./node-child.ts";
import { connect, listen } from "./node-sockets.ts";
import type { ChildProcess, Runtime, SpawnOptions } from "./runtime.ts";
import { SysError } from "./sys-error.ts";
import { loadLibrary } from "./windows-library.ts";

export const runtime: Runtime = {
  name: "node",

  /** Rejects with EADDRINUSE where another process has a pipe of that name: one alone can make the first (not so under Wine 8). */
  listen(target, onConnection) {
    if ("fd" in target) throw unimplemented("Windows hands over no listening descriptors; cannot listen on one");
    return listen(target, onConnection);
  },

  connect,

  adopt(_fd, kind) {
    throw unimplemented(`a ${kind} is a Linux descriptor; cannot adopt it on Windows: give a named pipe's path`);
  },

  spawn,
  loadLibrary,

  heapInUse: () => process.memoryUsage().heapUsed,

  forgetCode: () => {},
};

/** No console window, and no handle of ours but the `pipe` entries of stdio. */
function spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
  options.signal?.throwIfAborted();
  const [file = "", ...args] = argv;
  const stdio = (options.stdio ?? ["null", "null", "null"]).map((entry) => (entry === "null" ? "ignore" : entry));
  const child = spawnChild(file, args, {
    stdio,
    detached: options.detached ?? false,
    windowsHide: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
  });
  // Said twice by Node: now by the missing pid, later by this event.
  child.on("error", () => {});
  if (!hasPid(child)) throw new SysError(2, "spawn", file);
  return nodeChild(child, stdio, options.signal);
}
