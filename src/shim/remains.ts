import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { withDirectoryLock } from "../sys/directory-lock.ts";
import { unmountRecursive } from "../sys/mount.ts";
import { isAlive } from "../sys/process.ts";
import type { Runtime } from "../sys/runtime.ts";
import { removeVmCgroups } from "../vmmanager/vm-cgroup.ts";
import { killVmProcesses } from "../vmmanager/vm-processes.ts";
import { isServed } from "./probe.ts";
import { readDaemonRecord, removeStateDirectory } from "./records.ts";

/** SIGKILL to the process's end: milliseconds, but for one that hangs in the kernel. */
const VM_END_MS = 1500;

/**
 * Removes the VM, the socket and the state of a daemon that is gone. Does nothing to one that lives, also where a successor has
 * taken the pod's name meanwhile. Idempotent.
 */
export async function removeRemains(
  runtime: Pick<Runtime, "connect">,
  pod: { readonly socketPath: string; readonly stateDirectory: string },
): Promise<void> {
  const { socketPath, stateDirectory } = pod;
  const remove = async () => {
    const daemon = readDaemonRecord(stateDirectory);
    if (daemon !== undefined && isAlive(daemon.pid, daemon.startTime)) return;
    // A successor writes its record before it gives up the lock. The dead one's threads may answer a little longer.
    if (daemon === undefined && (await isServed(runtime, socketPath))) return;
    rmSync(socketPath, { force: true });
    await removeVm(stateDirectory);
  };
  const directory = dirname(socketPath);
  await (existsSync(directory) ? withDirectoryLock(directory, remove) : remove());
}

/** runc's own list of what it holds under a root. */
export function containersIn(runcRoot: string | undefined): string[] {
  if (runcRoot === undefined || !existsSync(runcRoot)) return [];
  const entries = readdirSync(runcRoot, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** What is left of a pod's VM, and its state. Nothing where the VM ended in order. */
export async function removeVm(stateDirectory: string): Promise<void> {
  // Before the mounts that it serves. Mostly dead already: they have their daemon's death as a signal.
  await killVmProcesses(stateDirectory, { signal: AbortSignal.timeout(VM_END_MS) });
  await removeVmCgroups(stateDirectory);
  unmountRecursive(stateDirectory);
  removeStateDirectory(stateDirectory);
}
