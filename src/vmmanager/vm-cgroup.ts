import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cgroupOf } from "../sys/cgroup.ts";
import { cgroupDirectories, joinCgroup } from "../sys/join-cgroup.ts";
import { mountTable } from "../sys/mountinfo.ts";
import { errorCode } from "../sys/sys-error.ts";

/** v1 hierarchies without which a process is as well off; what they ask for first (cpus, memory nodes) we do not know. */
const LEFT_OUT = ["cpuset", "devices"];
/** The kernel takes the last thread of a killed process out of its cgroup a moment after its parent knows. */
const EMPTY_MS = 1_000;

/**
 * Puts a process of a VM into the pod's cgroup, which is made if it is not there: in a VM's pod no runc does so on this
 * host. What was made is recorded in `<state directory>/vm-cgroups.json` for `removeVmCgroups`.
 */
export function joinVmCgroup(stateDirectory: string, path: string, pid: number): void {
  const mounts = mountTable().filter(({ superOptions }) => !LEFT_OUT.some((name) => superOptions.includes(name)));
  const made = recorded(stateDirectory);
  try {
    for (const directory of cgroupDirectories(path, cgroupOf("self").mode, mounts)) {
      mkdirSync(dirname(directory), { recursive: true });
      try {
        mkdirSync(directory);
        made.push(directory);
      } catch (error) {
        if (errorCode(error) !== "EEXIST") throw error;
      }
    }
  } finally {
    writeFileSync(recordPath(stateDirectory), JSON.stringify(made), { mode: 0o600 });
  }
  joinCgroup(pid, path);
}

/** Once the processes are dead. Of what it made; parents stay, as others may be about to make theirs in them. Idempotent. */
export async function removeVmCgroups(stateDirectory: string): Promise<void> {
  const deadline = performance.now() + EMPTY_MS;
  for (const directory of recorded(stateDirectory)) {
    while (!removed(directory, performance.now() > deadline)) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  rmSync(recordPath(stateDirectory), { force: true });
}

function removed(directory: string, isLast: boolean): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return true;
    if (errorCode(error) === "EBUSY" && !isLast) return false;
    throw error;
  }
}

function recorded(stateDirectory: string): string[] {
  try {
    const record: unknown = JSON.parse(readFileSync(recordPath(stateDirectory), "utf8"));
    return Array.isArray(record) ? record.filter((each) => typeof each === "string" && each.startsWith("/")) : [];
  } catch {
    return [];
  }
}

function recordPath(stateDirectory: string): string {
  return join(stateDirectory, "vm-cgroups.json");
}
