/**
 * Thin typed system calls on file descriptors: throw SysError, retry EINTR. They
 * block as the kernel does: on the event loop they are for fds that cannot block.
 * Processes: libc-process.ts; sockets: libc-socket.ts; mounts: mount.ts; ptys: pty.ts.
 */
import { constants } from "node:fs";
import { cLibrary } from "./c-library.ts";
import type { CCallResult } from "./library.ts";
import { SysError } from "./sys-error.ts";

const signatures = {
  mkfifo: ["int", "cstring", "uint"],
  chmod: ["int", "cstring", "uint"],
  open: ["int", "cstring", "int", "uint"],
  close: ["int", "int"],
  read: ["i64", "int", "buffer", "u64"],
  write: ["i64", "int", "buffer", "u64"],
  fcntl: ["int", "int", "int", "i64"],
  dup2: ["int", "int", "int"],
  pipe2: ["int", "buffer", "int"],
  flock: ["int", "int", "int"],
} as const;

const libc = cLibrary(signatures);

const EINTR = 4;
const EAGAIN = 11;
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_SETOWN = 8;
const O_ASYNC = 0o20000;
const F_DUPFD_CLOEXEC = 1030;
const F_SETPIPE_SZ = 1031;
const O_CLOEXEC = 0o2000000;

/** The result of a call that answers -1 on failure; EINTR calls again. */
export function check(call: () => CCallResult, syscall: string, path?: string): number {
  for (;;) {
    const { value, errno } = call();
    if (value !== -1) return Number(value);
    if (errno !== EINTR) throw new SysError(errno, syscall, path);
  }
}

/** The same for calls where EAGAIN is an answer: undefined. */
function checkReady(call: () => CCallResult, syscall: string): number | undefined {
  for (;;) {
    const { value, errno } = call();
    if (value !== -1) return Number(value);
    if (errno === EAGAIN) return undefined;
    if (errno !== EINTR) throw new SysError(errno, syscall);
  }
}

/** Makes a FIFO with exactly this mode, whatever the umask. */
export function mkfifo(path: string, mode: number): void {
  check(() => libc().mkfifo(path, mode), "mkfifo", path);
  check(() => libc().chmod(path, mode), "chmod", path);
}

/** open(2) with O_CLOEXEC added; `flags` are those of node:fs constants. `mode` is subject to the umask. */
export function open(path: string, flags: number, mode = 0): number {
  return check(() => libc().open(path, flags | O_CLOEXEC, mode), "open", path);
}

/** EBADF is an error (a double close is a bug); EINTR means closed on Linux. */
export function close(fd: number): void {
  const { value, errno } = libc().close(fd);
  if (value === -1 && errno !== EINTR) throw new SysError(errno, "close");
}

/** Bytes read; 0 is EOF; undefined where a non-blocking fd has none now. */
export function read(fd: number, buffer: Uint8Array): number | undefined {
  return checkReady(() => libc().read(fd, buffer, buffer.length), "read");
}

/** Bytes written; undefined where a non-blocking fd takes none now. SIGPIPE is ignored by both runtimes: EPIPE. */
export function write(fd: number, bytes: Uint8Array): number | undefined {
  return checkReady(() => libc().write(fd, bytes, bytes.length), "write");
}

/** A new close-on-exec fd for the same open file description, the lowest free number from `atLeast` up. */
export function dup(fd: number, atLeast = 3): number {
  return check(() => libc().fcntl(fd, F_DUPFD_CLOEXEC, atLeast), "fcntl");
}

/** Makes `to` another name of `fd`'s open file description, not closed on exec; what it was before is closed. */
export function dup2(fd: number, to: number): void {
  check(() => libc().dup2(fd, to), "dup2");
}

/** [read end, write end], close-on-exec. */
export function pipe(options: { nonBlocking?: boolean } = {}): [number, number] {
  const fds = new Int32Array(2);
  const flags = O_CLOEXEC | (options.nonBlocking === true ? constants.O_NONBLOCK : 0);
  check(() => libc().pipe2(new Uint8Array(fds.buffer), flags), "pipe2");
  return [fds[0] ?? -1, fds[1] ?? -1];
}

/** Of the open file description: every process that shares it sees the change. */
export function setNonBlocking(fd: number, on: boolean): void {
  const flags = check(() => libc().fcntl(fd, F_GETFL, 0), "fcntl");
  const wanted = on ? flags | constants.O_NONBLOCK : flags & ~constants.O_NONBLOCK;
  if (wanted !== flags) check(() => libc().fcntl(fd, F_SETFL, wanted), "fcntl");
}

export function setCloseOnExec(fd: number, on: boolean): void {
  const flags = check(() => libc().fcntl(fd, F_GETFD, 0), "fcntl");
  check(() => libc().fcntl(fd, F_SETFD, on ? flags | 1 : flags & ~1), "fcntl");
}

/** SIGIO for this process when something has come: where the fd's driver knows of that at all. */
export function signalInput(fd: number): void {
  check(() => libc().fcntl(fd, F_SETOWN, process.pid), "fcntl");
  const flags = check(() => libc().fcntl(fd, F_GETFL, 0), "fcntl");
  check(() => libc().fcntl(fd, F_SETFL, flags | O_ASYNC), "fcntl");
}

/** No SIGIO any more. */
export function silenceInput(fd: number): void {
  const flags = check(() => libc().fcntl(fd, F_GETFL, 0), "fcntl");
  check(() => libc().fcntl(fd, F_SETFL, flags & ~O_ASYNC), "fcntl");
}

/** Sets a pipe's capacity in bytes (rounded up to pages); answers the new one. EPERM above the user's limit. */
export function setPipeSize(fd: number, bytes: number): number {
  return check(() => libc().fcntl(fd, F_SETPIPE_SZ, bytes), "fcntl");
}

/** Takes the advisory lock, without waiting; false where another open file description holds it. Closing releases it. */
export function tryLock(fd: number, kind: "shared" | "exclusive" = "exclusive"): boolean {
  return checkReady(() => libc().flock(fd, (kind === "shared" ? 1 : 2) | 4), "flock") !== undefined;
}

/** Waits for the lock: blocks the whole event loop; only where the holder is known to be quick. */
export function lock(fd: number, kind: "shared" | "exclusive" = "exclusive"): void {
  check(() => libc().flock(fd, kind === "shared" ? 1 : 2), "flock");
}

export function unlock(fd: number): void {
  check(() => libc().flock(fd, 8), "flock");
}
