import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { failedPrecondition } from "../../src/errors/shim-error.ts";
import { killVmProcesses } from "../../src/vmmanager/vm-processes.ts";

/** What a VM leaves first of all in its state directory. */
const RECORD = "vm-processes.json";
const KILL_MS = 10_000;

/**
 * An empty directory for the VM's state, in place of what a server that was killed has left there: its VM's processes die
 * with it, but not at once. Throws failed-precondition where the directory holds anything else. The answer removes it.
 */
export async function freshStateDirectory(directory: string): Promise<() => void> {
  mkdirSync(directory, { mode: 0o700, recursive: true });
  const names = readdirSync(directory);
  if (names.length > 0 && !names.includes(RECORD)) {
    throw failedPrecondition(
      `${directory} is not empty, and is no state of a VM; cannot keep a VM's state there: name a directory of its own`,
    );
  }
  await killVmProcesses(directory, { signal: AbortSignal.timeout(KILL_MS) });
  rmSync(directory, { recursive: true });
  mkdirSync(directory, { mode: 0o700 });
  return () => rmSync(directory, { recursive: true, force: true });
}
