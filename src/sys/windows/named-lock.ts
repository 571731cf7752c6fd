import { SysError } from "../sys-error.ts";
import { loadNative, type NativeLibrary, systemLibrary } from "./ffi.ts";

const WAIT_OBJECT_0 = 0;
/** The last holder died with it: it is ours. */
const WAIT_ABANDONED = 0x80;
const EIO = 5;

const signatures = {
  CreateMutexW: ["intptr_t", "void *", "int32", "str16"],
  WaitForSingleObject: ["uint32", "intptr_t", "uint32"],
  ReleaseMutex: ["int32", "intptr_t"],
  CloseHandle: ["int32", "intptr_t"],
} as const;

let library: NativeLibrary<typeof signatures> | undefined;
/** A mutex is its thread's, which may take it twice; ours is held once. */
const held = new Set<string>();

/**
 * Takes a lock of this host by its name (letters, digits, "-"), which the kernel gives back however its holder ends.
 * Answers how to give it back; undefined where somebody has it.
 */
export function tryNamedLock(name: string): (() => void) | undefined {
  if (held.has(name)) return undefined;
  library ??= loadNative(systemLibrary("kernel32.dll"), signatures);
  const { WaitForSingleObject, ReleaseMutex, CloseHandle } = library;
  const mutex = library.CreateMutexW(null, 0, `Global\\${name}`);
  if (mutex === 0 || mutex === 0n) throw new SysError(EIO, "CreateMutex", name);
  const waited = WaitForSingleObject(mutex, 0);
  if (waited !== WAIT_OBJECT_0 && waited !== WAIT_ABANDONED) {
    CloseHandle(mutex);
    return undefined;
  }
  held.add(name);
  return () => {
    if (!held.delete(name)) return;
    ReleaseMutex(mutex);
    CloseHandle(mutex);
  };
}
