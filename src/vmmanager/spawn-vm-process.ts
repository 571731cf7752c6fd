import { writeFileSync } from "node:fs";
import { runtime } from "#runtime";
import type { ChildProcess, Stdio } from "../sys/runtime.ts";
import { inNamespace } from "./host-network/run-in-namespace.ts";
import type { UvmOptions } from "./uvm.ts";
import { joinVmCgroup } from "./vm-cgroup.ts";
import { addVmProcess } from "./vm-processes.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Starts a process of the VM: in the pod's network namespace and cgroup, and recorded for who ends it without the daemon.
 * It is killed if a step after its start fails.
 */
export function spawnVmProcess(
  { stateDirectory, cgroup, networkNamespace, oomScoreAdj = 0 }: UvmOptions,
  what: string,
  argv: readonly string[],
  stdio: readonly Stdio[],
): ChildProcess {
  // A guest that breaks out of QEMU reads its environment: nothing of ours is in it. It holds no directory of ours
  // either. Its own process group: a terminal's Ctrl-C is not for it.
  const env = { PATH: process.env.PATH ?? DEFAULT_PATH };
  const spawn = (): ChildProcess => runtime.spawn(argv, { stdio, env, cwd: "/", detached: true });
  const child = networkNamespace === undefined ? spawn() : inNamespace(networkNamespace, spawn);
  try {
    addVmProcess(stateDirectory, { pid: child.pid, what });
    // Not ours, which is next to containerd's own: a pod would be the last thing that a host out of memory kills.
    writeFileSync(`/proc/${child.pid}/oom_score_adj`, String(Math.max(-1000, Math.min(1000, oomScoreAdj))));
    if (cgroup !== undefined) joinVmCgroup(stateDirectory, cgroup, child.pid);
    return child;
  } catch (error) {
    child.kill(9);
    for (const pipe of child.pipes) pipe?.destroy();
    throw error;
  }
}
