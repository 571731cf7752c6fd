import { isAlive } from "#os/src/sys/process.ts";
import { withPipeLock } from "./pipe-lock.ts";
import { isServed } from "./probe.ts";
import { readDaemonRecord, removeStateDirectory } from "./records.ts";
import type * as linux from "./remains.ts";

/** `delete` has to end before containerd kills it. */
const LOCK_MS = 3000;

export const removeRemains: typeof linux.removeRemains = async (runtime, { socketPath, stateDirectory }) => {
  await withPipeLock(socketPath, LOCK_MS, async () => {
    const daemon = readDaemonRecord(stateDirectory);
    if (daemon !== undefined && isAlive(daemon.pid, daemon.startTime)) return;
    // A successor writes its record before it gives up the lock.
    if (daemon === undefined && (await isServed(runtime, socketPath))) return;
    await removeVm(stateDirectory);
  });
};

/** No runc on this host. */
export const containersIn: typeof linux.containersIn = () => [];

/** HCS ends a VM with its last handle, which its daemon had (ShouldTerminateOnLastHandleClosed): its files are left. */
export const removeVm: typeof linux.removeVm = async (stateDirectory) => {
  removeStateDirectory(stateDirectory);
};
