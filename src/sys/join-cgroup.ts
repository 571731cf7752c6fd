/** Puts a process into a cgroup that somebody else made. cgroups(7). */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { invalidArgument, notFound, ShimError } from "../errors/shim-error.ts";
import { cgroupOf } from "./cgroup.ts";
import { type MountEntry, mountTable } from "./mountinfo.ts";

/**
 * Moves the process to `path`, which counts from the root: in the unified hierarchy, or, while controllers stand in v1
 * ones, in each of those where it exists. Throws not-found where it is in none, invalid-argument for no such path;
 * what the kernel refuses passes on.
 */
export function joinCgroup(pid: number, path: string): void {
  if (!path.startsWith("/") || path.split("/").includes("..")) {
    throw invalidArgument(`cgroup ${path} is no absolute path; cannot move process ${pid} there`);
  }
  const found = cgroupDirectories(path, cgroupOf("self").mode, mountTable()).filter((each) => existsSync(each));
  if (found.length === 0) {
    throw notFound(`cgroup ${path} does not exist; cannot move process ${pid} there: make it first`);
  }
  for (const directory of found) {
    try {
      writeFileSync(join(directory, "cgroup.procs"), String(pid));
    } catch (cause) {
      const { message } = ShimError.from(cause);
      throw new ShimError("internal", `cgroup ${directory} does not take process ${pid}: ${message}`, { cause });
    }
  }
}

/** Where a cgroup would be, once for each hierarchy; one mounted in part only shows what is in that part. */
export function cgroupDirectories(
  path: string,
  mode: "v1" | "v2" | "hybrid",
  mounts: readonly MountEntry[],
): readonly string[] {
  const wanted = mode === "v2" ? "cgroup2" : "cgroup";
  return mounts
    .filter(({ fsType }) => fsType === wanted)
    .flatMap(({ root, mountPoint }) => {
      if (root === "/") return [join(mountPoint, path)];
      if (path !== root && !path.startsWith(`${root}/`)) return [];
      return [join(mountPoint, path.slice(root.length))];
    });
}
