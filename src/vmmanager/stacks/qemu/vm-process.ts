import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { runtime } from "#runtime";
import type { ChildProcess, Stdio } from "../../../sys/runtime.ts";
import { inNamespace } from "../../host-network/run-in-namespace.ts";
import type { UvmOptions } from "../../uvm.ts";
import { joinVmCgroup } from "../../vm-cgroup.ts";
import { addVmProcess } from "../../vm-processes.ts";

/** uids that systemd's allocation leaves unused: 0x70000000 to 0x7ffffffe. */
const FIRST_UID = 0x7000_0000;
const UID_COUNT = 0x0fff_ffff;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The user that a VM's QEMU runs as: of this VM alone, without an account. */
export function uidOf(id: string): number {
  return FIRST_UID + (createHash("sha256").update(id).digest().readUInt32BE() % UID_COUNT);
}

/** Runs a program as the VM's user, without capabilities and not able to gain any, for as long as this process lives. */
export function confined(
  id: string,
  setpriv: string,
  argv: readonly string[],
  groups: readonly number[] = [],
): string[] {
  const uid = String(uidOf(id));
  return [
    ...[setpriv, "--reuid", uid, "--regid", uid],
    ...(groups.length > 0 ? ["--groups", groups.join(",")] : ["--clear-groups"]),
    ...["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--pdeathsig", "KILL", ...argv],
  ];
}

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
