import { closeSync, constants, fstatSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { failedPrecondition } from "../../src/errors/shim-error.ts";
import { setCloseOnExec, tryLock } from "../../src/sys/libc.ts";

/**
 * Writes our process id into a file that is locked (flock) as long as we live: who finds it unlocked knows that its
 * process is gone. Throws failed-precondition where another process holds it. The answer removes it again.
 */
export function holdPidfile(path: string): () => void {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
  // A child that had it would hold the lock after us.
  setCloseOnExec(fd, true);
  if (!tryLock(fd)) {
    closeSync(fd);
    throw failedPrecondition(`pidfile ${path} is held by a process that runs; cannot start: name another file`);
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`, 0);
  return () => {
    // Somebody may have put another file there.
    if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino) rmSync(path, { force: true });
    closeSync(fd);
  };
}
