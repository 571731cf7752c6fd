/** What a process of the same user lets us have of itself, and how ours shows itself to others. Throws SysError. */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { cLibrary } from "./c-library.ts";
import { check, close } from "./libc.ts";

/** By number: the C library has names for them since 2.36. The same on x86-64 and arm64. */
const SYS_PIDFD_OPEN = 434n;
const SYS_PIDFD_GETFD = 438n;
const PR_SET_MM = 35;
const PR_SET_MM_ARG_END = 9n;

const libc = cLibrary({
  syscall: ["i64", "i64", "i64", "i64", "i64"],
  prctl: ["int", "int", "u64", "u64", "u64", "u64"],
} as const);

/** A copy of another process's fd, closed on exec: the same open file, whatever kind it is (pidfd_getfd(2), Linux 5.6). */
export function copyFd(pid: number, fd: number): number {
  const process = check(() => libc().syscall(SYS_PIDFD_OPEN, BigInt(pid), 0n, 0n), "pidfd_open");
  try {
    return check(() => libc().syscall(SYS_PIDFD_GETFD, BigInt(process), BigInt(fd), 0n), "pidfd_getfd");
  } finally {
    close(process);
  }
}

/**
 * Makes /proc/PID/cmdline of this process say `argv`, in the memory that its own command line has. False where that is
 * too small.
 */
export function showArguments(argv: readonly string[]): boolean {
  const stat = readFileSync("/proc/self/stat", "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // Fields 48 and 49 of proc(5): arg_start, arg_end.
  const [start, end] = [Number(fields[45]), Number(fields[46])];
  const text = Buffer.from(`${argv.join("\0")}\0`);
  if (start === 0 || text.length > end - start) return false;
  const whole = Buffer.alloc(end - start);
  text.copy(whole);
  const memory = openSync("/proc/self/mem", "r+");
  try {
    writeSync(memory, whole, 0, whole.length, start);
  } finally {
    closeSync(memory);
  }
  // Without it (a kernel without checkpoints) NULs follow, which change nothing for those who look for words.
  libc().prctl(PR_SET_MM, PR_SET_MM_ARG_END, BigInt(start + text.length), 0n, 0n);
  return true;
}
