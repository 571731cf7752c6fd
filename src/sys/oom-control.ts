/**
 * cgroup v1's way to tell of memory running out: an eventfd, written into cgroup.event_control (the kernel's memory.txt, 9 and 10).
 * No SIGIO comes of an eventfd: under Bun it takes the poller's thread (measured: 2.2 MB), which cgroup v2 does without.
 */
import { constants, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runtime } from "#runtime";
import { cLibrary } from "./c-library.ts";
import { check, close, open } from "./libc.ts";

const libc = cLibrary({ eventfd: ["int", "uint", "int"] } as const);
const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

/**
 * Calls back when the limit of this memory cgroup, or of one above it, is hit: before anything is killed, and whether or
 * not it is killed here. Also once when the cgroup is gone. Until the returned function is called. Throws SysError.
 */
export function watchOomControl(directory: string, onOom: () => void): () => void {
  const event = check(() => libc().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
  try {
    const control = open(join(directory, "memory.oom_control"), constants.O_RDONLY);
    try {
      writeFileSync(join(directory, "cgroup.event_control"), `${event} ${control}`);
    } finally {
      close(control);
    }
  } catch (error) {
    close(event);
    throw error;
  }
  const stream = runtime.adopt(event, "pipe", "read");
  stream.open({ data: onOom, end: () => undefined, drain: () => undefined, close: () => undefined });
  return () => stream.destroy();
}
