import type * as linux from "./shared-file.ts";
import { errorCode } from "./sys-error.ts";

/** Others have it for a system call's time; a virus scanner for longer. What is refused for good is told after that. */
const LIMIT_MS = 2000;
/** Sharing violations, and a file that is just going: which code comes of it depends on who holds it, and how. */
const SHARED: ReadonlySet<unknown> = new Set(["EPERM", "EACCES", "EBUSY"]);

/** A file can't be replaced while anybody has it open or replaces it, too, and not be opened in the moment that it is. */
export const withSharedFile: typeof linux.withSharedFile = (work) => {
  const deadline = performance.now() + LIMIT_MS;
  for (let pause = 1; ; pause = Math.min(pause * 2, 32)) {
    try {
      return work();
    } catch (error) {
      if (!SHARED.has(errorCode(error)) || performance.now() >= deadline) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
  }
};
