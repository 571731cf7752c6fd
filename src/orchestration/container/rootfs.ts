import { chmodSync, chownSync, mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { ShimError } from "../../errors/shim-error.ts";
import { type MountSpec, mountAll, mountOne, unmountRecursive } from "../../sys/mount.ts";
import { errorCode } from "../../sys/sys-error.ts";
import type { Mount } from "../events.ts";
import { type MountDirectory, type MountedBefore, ready, refuseVerity, typed } from "./mount-type.ts";
import type { RootfsPort } from "./ports.ts";

/** The root file system on this host, for stacks whose guest sees host paths (reference: containerd-shim 1.18). */
export const hostRootfs: RootfsPort = {
  async mount(mounts: readonly Mount[], target: string): Promise<void> {
    try {
      for (const mount of mounts) refuseVerity(mount);
      mkdirSync(target, { recursive: true, mode: 0o711 });
      compose(mounts, target);
    } catch (cause) {
      throw explain(cause, `cannot mount the root file system on ${target}`);
    }
  },
  async unmount(target: string): Promise<void> {
    try {
      unmountRecursive(target);
    } catch (cause) {
      throw explain(cause, `cannot unmount the root file system from ${target}`);
    }
  },
};

/**
 * The mounts that a later one is formatted with are made beside the target, and are out of sight again at the end: the
 * overlay or bind made of them keeps them.
 */
function compose(mounts: readonly Mount[], target: string): void {
  const list = mounts.map(typed);
  const last = list.findLastIndex(({ prefixes }) => prefixes.includes("format"));
  const stage = `${target}.parts`;
  const parts: string[] = [];
  const before: MountedBefore[] = [];
  try {
    for (const [index, mount] of list.entries()) {
      if (index >= last) break;
      const { directories, ...part } = ready(mount, before);
      const mountPoint = join(stage, String(index));
      mkdirSync(mountPoint, { recursive: true, mode: 0o700 });
      parts.push(mountPoint);
      directories.forEach(make);
      mountOne({ ...part, target: "" }, mountPoint);
      before.push({ mountPoint, source: part.source, target: part.target });
    }
    const rest = list.slice(Math.max(last, 0)).map((mount) => ready(mount, before));
    for (const { directories } of rest) directories.forEach(make);
    mountAll(rest satisfies readonly MountSpec[], target);
  } finally {
    for (const part of parts.reverse()) {
      unmountRecursive(part);
      rmdirSync(part);
    }
    if (parts.length > 0) rmdirSync(stage);
  }
}

function make({ path, mode, owner }: MountDirectory): void {
  if (mkdirSync(path, { recursive: true, mode }) === undefined) return;
  // Not as the umask would have it.
  chmodSync(path, mode);
  if (owner) chownSync(path, owner.uid, owner.gid);
}

/** Bad mounts are the caller's fault, whatever else goes wrong is the host's. */
function explain(cause: unknown, what: string): ShimError {
  if (cause instanceof ShimError) return new ShimError(cause.kind, `${what}: ${cause.message}`, { cause });
  const callers = ["ENOENT", "EINVAL", "ENODEV", "ENOTDIR", "ENOTBLK", "ELOOP", "ENAMETOOLONG"];
  const kind = callers.includes(errorCode(cause) ?? "") ? "invalid-argument" : "internal";
  return new ShimError(kind, `${what}: ${ShimError.from(cause).message}`, { cause });
}
