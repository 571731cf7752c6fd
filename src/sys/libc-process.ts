/** System calls on processes. Throw SysError; EINTR is retried. */
import { cLibrary } from "./c-library.ts";
import { check } from "./libc.ts";
import { SysError } from "./sys-error.ts";

const signatures = {
  kill: ["int", "int", "int"],
  waitid: ["int", "int", "uint", "buffer", "int"],
  prctl: ["int", "int", "u64", "u64", "u64", "u64"],
  setns: ["int", "int", "int"],
  umask: ["uint", "uint"],
  setsid: ["int"],
  signal: ["i64", "int", "u64"],
} as const;

/** prctl(2) with the name that PR_SET_NAME reads. */
const nameSignatures = { prctl: ["int", "int", "cstring"] } as const;

const libc = cLibrary(signatures);
const named = cLibrary(nameSignatures);

const ESRCH = 3;
const ECHILD = 10;
const P_ALL = 0;
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x1000000;
const CLD_EXITED = 1;
const PR_SET_PDEATHSIG = 1;
const PR_SET_NAME = 15;
const PR_SET_CHILD_SUBREAPER = 36;

/** Signals a process (pid > 0) or a process group (-pid). False: there is none. */
export function kill(pid: number, signal: number): boolean {
  if (pid === 0 || pid === -1) throw new SysError(22, "kill");
  const { value, errno } = libc().kill(pid, signal);
  if (value === 0) return true;
  if (errno === ESRCH) return false;
  throw new SysError(errno, "kill");
}

/** 0-255 or 128 + signal, as ChildExit. */
export interface WaitResult {
  readonly code: number;
  readonly signal?: number;
}

/** Reaps this one child if it is dead. "running": it lives. "not-a-child": it never was ours, or is reaped already. */
export function reapIfDead(pid: number): WaitResult | "running" | "not-a-child" {
  // siginfo_t on 64-bit: si_code at 8, si_pid at 16, si_status at 24.
  const info = new Uint8Array(128);
  try {
    check(() => libc().waitid(P_PID, pid, info, WEXITED | WNOHANG), "waitid");
  } catch (error) {
    if (error instanceof SysError && error.errno === ECHILD) return "not-a-child";
    throw error;
  }
  const view = new DataView(info.buffer);
  if (view.getInt32(16, true) === 0) return "running";
  const status = view.getInt32(24, true);
  return view.getInt32(8, true) === CLD_EXITED ? { code: status } : { code: 128 + status, signal: status };
}

/** The pid of a dead child that nobody has reaped; it stays one. undefined: there is none. */
export function peekDeadChild(): number | undefined {
  const info = new Uint8Array(128);
  try {
    check(() => libc().waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT), "waitid");
  } catch (error) {
    if (error instanceof SysError && error.errno === ECHILD) return undefined;
    throw error;
  }
  const pid = new DataView(info.buffer).getInt32(16, true);
  return pid === 0 ? undefined : pid;
}

/** Orphans below us become our children instead of pid 1's. */
export function setChildSubreaper(on: boolean): void {
  check(() => libc().prctl(PR_SET_CHILD_SUBREAPER, on ? 1 : 0, 0, 0, 0), "prctl");
}

/** The signal that this process gets when the thread that started it ends; 0 = none. */
export function setParentDeathSignal(signal: number): void {
  check(() => libc().prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0), "prctl");
}

/** The name in /proc/PID/comm, cut to 15 bytes by the kernel. Of the calling thread: the main one. */
export function setProcessName(name: string): void {
  check(() => named().prctl(PR_SET_NAME, name), "prctl");
}

/**
 * Moves this thread into the namespace behind the fd (`type`: CLONE_NEW* or 0). Only of the calling thread: the runtime's
 * others stay, so it serves to make a child or a socket there and to go back at once.
 */
export function setns(fd: number, type = 0): void {
  check(() => libc().setns(fd, type), "setns");
}

/** A session and process group of our own. Throws EPERM where we lead a process group already. */
export function newSession(): void {
  check(() => libc().setsid(), "setsid");
}

/** What an ignored signal does, and is passed on to children: its default again. */
export function defaultSignal(signal: number): void {
  check(() => libc().signal(signal, 0), "signal");
}

/** Sets the umask; answers the old one. */
export function umask(mask: number): number {
  return Number(libc().umask(mask).value);
}
