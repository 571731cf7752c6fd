/** Whether the memory of a cgroup of v1 can run out: its own limit, and those above it (the kernel's cgroup-v1/memory.rst). */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { watchFile } from "./file-changes.ts";
import { errorCode } from "./sys-error.ts";

const LIMIT_FILE = "memory.limit_in_bytes";
/** Above any machine's memory. "None" reads as the highest page's end, which is below 2 ** 63. */
const NO_LIMIT = 2 ** 62;

/** As it is now. A cgroup that is gone has none. */
export function hasMemoryLimit(directory: string): boolean {
  try {
    return limitFiles(directory).some((file) => Number(readFileSync(file, "latin1")) < NO_LIMIT);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "ENOENT" && code !== "ENODEV") throw error;
    return false;
  }
}

/** Calls back after each write of one of the limits, until the returned function is called. Throws SysError. */
export function watchMemoryLimit(directory: string, onChange: () => void): () => void {
  const stops: (() => void)[] = [];
  const stop = (): void => {
    for (const each of stops.splice(0)) each();
  };
  try {
    for (const file of limitFiles(directory)) stops.push(watchFile(file, onChange));
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}

/** From that directory up to the hierarchy's root, as far as it is mounted here. */
function limitFiles(directory: string): string[] {
  const file = join(directory, LIMIT_FILE);
  return existsSync(file) ? [file, ...limitFiles(dirname(directory))] : [];
}
