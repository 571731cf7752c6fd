/** Where a process stands in the cgroup hierarchies: v1, v2 (unified), or both at once (hybrid). cgroups(7). */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type MountEntry, mountTable } from "./mountinfo.ts";
import { errorCode } from "./sys-error.ts";

export interface Cgroup {
  /** v2: no v1 controller is in use for containers. Hybrid: both, with the controllers in v1. */
  readonly mode: "v1" | "v2" | "hybrid";
  /** v1: controller ("memory", "cpu", "pids", or "name=systemd") -> directory. Of no account in v2. */
  readonly controllers: ReadonlyMap<string, string>;
  /** The directory in the unified hierarchy, where it is mounted. */
  readonly unified?: string;
}

/** Throws SysError-like ENOENT for a process that is gone. */
export function cgroupOf(pid: number | "self"): Cgroup {
  return locate(readFileSync(`/proc/${pid}/cgroup`, "utf8"), mountTable("self", " - cgroup"));
}

/** Of the texts of /proc/PID/cgroup and the mount table. Hierarchies that are not mounted here are left out. */
export function locate(text: string, mounts: readonly MountEntry[]): Cgroup {
  const controllers = new Map<string, string>();
  let unified: string | undefined;
  for (const line of text.split("\n")) {
    // hierarchy id : controllers : path; the path may hold colons.
    const match = /^(\d+):([^:]*):(.*)$/.exec(line);
    if (match === null) continue;
    const [, id, names = "", path = "/"] = match;
    if (id === "0" && names === "") {
      unified = directory(
        mounts.find(({ fsType }) => fsType === "cgroup2"),
        path,
      );
      continue;
    }
    for (const name of names.split(",")) {
      const at = directory(
        mounts.find(({ fsType, superOptions }) => fsType === "cgroup" && superOptions.includes(name)),
        path,
      );
      if (at !== undefined) controllers.set(name, at);
    }
  }
  const resources = [...controllers.keys()].some((name) => !name.startsWith("name="));
  // Every runtime's own test. A v1 controller that somebody mounts beside it (net_cls, for a VPN) changes nothing for them.
  const onV2 = mounts.some(({ fsType, mountPoint }) => fsType === "cgroup2" && mountPoint === "/sys/fs/cgroup");
  const mode = onV2 || !resources ? "v2" : unified === undefined ? "v1" : "hybrid";
  return { mode, controllers, ...(unified === undefined ? {} : { unified }) };
}

/** A mount may show a part of the hierarchy only (its root): in a container, or a bind. */
function directory(mount: MountEntry | undefined, path: string): string | undefined {
  if (mount === undefined) return undefined;
  if (mount.root === "/") return join(mount.mountPoint, path);
  if (path === mount.root) return mount.mountPoint;
  if (path.startsWith(`${mount.root}/`)) return join(mount.mountPoint, path.slice(mount.root.length));
  return undefined;
}

/** Where the kernel counts what its OOM killer has killed in there. Undefined without a memory controller. */
export function oomCounterDirectory({ mode, controllers, unified }: Cgroup): string | undefined {
  return mode === "v2" ? unified : controllers.get("memory");
}

/** How often it has killed there (v2: and below). 0 for a cgroup that is gone. */
export function oomKills(cgroup: Cgroup): number {
  const directory = oomCounterDirectory(cgroup);
  if (directory === undefined) return 0;
  try {
    const text = readFileSync(join(directory, cgroup.mode === "v2" ? "memory.events" : "memory.oom_control"), "latin1");
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "ENOENT" && code !== "ENODEV") throw error;
    return 0;
  }
}

/** A directory to list processes or to freeze by: the v2 one, else that of a controller that every runtime joins. */
export function processDirectory(cgroup: Cgroup): string | undefined {
  if (cgroup.mode === "v2") return cgroup.unified;
  for (const name of ["pids", "devices", "memory", "cpu", "freezer"]) {
    const found = cgroup.controllers.get(name);
    if (found !== undefined) return found;
  }
  return cgroup.controllers.values().next().value ?? cgroup.unified;
}

/** The pids in a cgroup directory and in those below it (a container may make its own). Gone counts as empty. */
export function pidsIn(directory: string): number[] {
  const pids: number[] = [];
  const pending = [directory];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    try {
      const text = readFileSync(join(at, "cgroup.procs"), "latin1");
      for (const line of text.split("\n")) if (line !== "") pids.push(Number(line));
      for (const entry of readdirSync(at, { withFileTypes: true })) {
        if (entry.isDirectory()) pending.push(join(at, entry.name));
      }
    } catch (error) {
      // EOPNOTSUPP: a threaded v2 cgroup, whose processes its domain lists.
      const code = errorCode(error);
      if (code !== "ENOENT" && code !== "ENODEV" && code !== "EOPNOTSUPP" && code !== "ENOTSUP") throw error;
    }
  }
  return pids;
}
