/** Processes by kernel32: as on Linux, a pid names one process only together with its start time. */
import type * as linux from "./process.ts";
import { loadNative, type NativeLibrary, systemLibrary } from "./windows/ffi.ts";

const PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;
const STILL_ACTIVE = 259;

const signatures = {
  OpenProcess: ["intptr_t", "uint32", "int32", "uint32"],
  GetExitCodeProcess: ["int32", "intptr_t", "void *"],
  GetProcessTimes: ["int32", "intptr_t", "void *", "void *", "void *", "void *"],
  CloseHandle: ["int32", "intptr_t"],
} as const;

let library: NativeLibrary<typeof signatures> | undefined;

/** In units of 100 ns since 1601. Undefined where there is no such process, or none that still runs. */
export const startTime: typeof linux.startTime = (pid) => {
  library ??= loadNative(systemLibrary("kernel32.dll"), signatures);
  const handle = library.OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid);
  if (handle === 0 || handle === 0n) return undefined;
  try {
    // Whoever holds a handle to a process keeps its pid, also after its end.
    const code = new Uint32Array(1);
    if (library.GetExitCodeProcess(handle, code) === 0 || code[0] !== STILL_ACTIVE) return undefined;
    const created = new BigUint64Array(1);
    const [ended, kernel, user] = [new BigUint64Array(1), new BigUint64Array(1), new BigUint64Array(1)];
    return library.GetProcessTimes(handle, created, ended, kernel, user) === 0 ? undefined : created[0];
  } finally {
    library.CloseHandle(handle);
  }
};

export const isAlive: typeof linux.isAlive = (pid, started) => startTime(pid) === started;
