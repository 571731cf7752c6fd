import { type Cgroup, cgroupOf, oomKills } from "../sys/cgroup.ts";

/** Whether the OOM killer has killed, since this call, in the cgroup that the process stands in now. Once it is dead, too. */
export function oomKillsSince(pid: number): () => boolean {
  let cgroup: Cgroup;
  try {
    cgroup = cgroupOf(pid);
  } catch {
    // Dead already: what the kernel has counted before is nobody's.
    return () => false;
  }
  const before = oomKills(cgroup);
  return () => oomKills(cgroup) > before;
}
