/** Processes by kernel32: as on Linux, a pid names one process only together with its start time. */

import type { Library } from "./library.ts";
import type * as linux from "./process.ts";
import { loadLibrary } from "./windows-library.ts";

const PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;
const STILL_ACTIVE = 259;

const signatures = {
  OpenProcess: ["pointer", "uint", "int", "uint"],
  GetProcessTimes: ["int", "pointer", "buffer", "buffer", "buffer", "buffer"],
  GetExitCodeProcess: ["int", "pointer", "buffer"],
  CloseHandle: ["int", "pointer"],
} as const;

let library: Library<typeof signatures> | undefined;

/** In units of 100 ns since 1601. Undefined where there is no such process, or it has ended and somebody still holds it. */
export const startTime: typeof linux.startTime = (pid) => {
  library ??= loadLibrary("kernel32.dll", signatures);
  const { value: handle } = library.OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid);
  if (Number(handle) === 0) return undefined;
  try {
    const code = new Uint32Array(1);
    const times = [0, 1, 2, 3].map(() => new BigUint64Array(1));
    const bytes = (array: BigUint64Array | Uint32Array | undefined) => (array ? new Uint8Array(array.buffer) : null);
    const [created, ended, kernel, user] = times;
    const asked = library.GetExitCodeProcess(handle, bytes(code)).value;
    if (Number(asked) === 0 || code[0] !== STILL_ACTIVE) return undefined;
    const told = library.GetProcessTimes(handle, bytes(created), bytes(ended), bytes(kernel), bytes(user)).value;
    return Number(told) === 0 ? undefined : created?.[0];
  } finally {
    library.CloseHandle(handle);
  }
};

export const isAlive: typeof linux.isAlive = (pid, started) => startTime(pid) === started;
