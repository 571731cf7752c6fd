/** Mounts as containerd delivers them (reference: containerd-shim 1.18), made and taken away on this host. */
import { constants } from "node:fs";
import { join } from "node:path";
import { ShimError } from "../errors/shim-error.ts";
import { cLibrary } from "./c-library.ts";
import { check, close, open } from "./libc.ts";
import { attachLoopDevice } from "./loop-device.ts";
import { MS, parseMountOptions } from "./mount-options.ts";
import { mountsUnder } from "./mountinfo.ts";
import { SysError } from "./sys-error.ts";

const signatures = {
  mount: ["int", "cstring", "cstring", "cstring", "u64", "cstring"],
  umount2: ["int", "cstring", "int"],
  fchdir: ["int", "int"],
} as const;

const libc = cLibrary(signatures);

const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
/** mount(2) copies one page of options and silently cuts there. */
const dataLimit = 4095;

/** One of Create.rootfs; `target` is a path below the mount target. */
export interface MountSpec {
  readonly type: string;
  readonly source: string;
  readonly target?: string;
  readonly options: readonly string[];
}

/** The bare mount(2). */
export function mount(source: string, target: string, type: string, flags: number, data: string): void {
  const size = Buffer.byteLength(data);
  if (size > dataLimit) {
    const problem = `mount of ${target} has ${size} bytes of options; the kernel takes ${dataLimit}`;
    throw new ShimError("invalid-argument", `${problem}: use fewer layers or shorter paths`);
  }
  check(() => libc().mount(source, target, type, BigInt(flags), data), "mount", target);
}

/** The bare umount2(2), symbolic links not followed. False: nothing is mounted there. */
export function unmount(target: string, options: { detach?: boolean } = {}): boolean {
  const flags = UMOUNT_NOFOLLOW | (options.detach === true ? MNT_DETACH : 0);
  try {
    check(() => libc().umount2(target, flags), "umount2", target);
    return true;
  } catch (error) {
    if (error instanceof SysError && (error.code === "EINVAL" || error.code === "ENOENT")) return false;
    throw error;
  }
}

/** One mount with everything its options ask for. What was mounted is unmounted again when a later step fails. */
export function mountOne(spec: MountSpec, target: string): void {
  const where = spec.target === undefined || spec.target === "" ? target : below(target, spec.target);
  const { flags, propagation, data, loop } = parseMountOptions(spec.options);
  const device = loop ? attachLoopDevice(spec.source, { readOnly: (flags & MS.RDONLY) !== 0 }) : undefined;
  try {
    const source = device?.path ?? spec.source;
    if (spec.type === "overlay" && Buffer.byteLength(data) > dataLimit)
      mountFromLayersDirectory(source, where, flags, data);
    else mount(source, where, spec.type, flags, data);
  } finally {
    device?.close();
  }
  try {
    // A bind ignores every flag but MS_REC; a remount in a second step sets them.
    const restrict = flags & ~(MS.BIND | MS.REC | MS.REMOUNT);
    if ((flags & MS.BIND) !== 0 && (flags & MS.REMOUNT) === 0 && restrict !== 0) {
      mount("", where, "", MS.BIND | MS.REMOUNT | restrict, "");
    }
    for (const type of propagation) mount("", where, "", type, "");
  } catch (error) {
    unmount(where, { detach: true });
    throw error;
  }
}

/** All of them in order, all or none. */
export function mountAll(mounts: readonly MountSpec[], target: string): void {
  const done: string[] = [];
  try {
    for (const spec of mounts) {
      mountOne(spec, target);
      done.push(spec.target === undefined || spec.target === "" ? target : below(target, spec.target));
    }
  } catch (error) {
    for (const path of done.reverse()) unmount(path, { detach: true });
    throw error;
  }
}

/**
 * Unmounts a path and all below it, deepest first; nothing mounted is success. Answers the mount points that were busy
 * and could only be detached: they are out of sight, and gone with their last user.
 */
export function unmountRecursive(path: string): string[] {
  const detached: string[] = [];
  for (const mountPoint of mountsUnder(path).reverse()) {
    try {
      unmount(mountPoint);
    } catch (error) {
      if (!(error instanceof SysError) || error.code !== "EBUSY") throw error;
      unmount(mountPoint, { detach: true });
      detached.push(mountPoint);
    }
  }
  return detached;
}

/**
 * An overlay of many layers: the options fit when the lower directories are named from their common parent. The whole
 * process changes its directory for the time of one system call; nothing else runs JavaScript then, and no thread of the
 * runtime works with relative paths.
 */
function mountFromLayersDirectory(source: string, target: string, flags: number, data: string): void {
  const options = data.split(",");
  const at = options.findIndex((option) => option.startsWith("lowerdir="));
  const layers = (options[at] ?? "").slice("lowerdir=".length).split(":");
  const parent = commonParent(layers);
  if (at < 0 || parent === "/") mount(source, target, "overlay", flags, data);
  options[at] = `lowerdir=${layers.map((layer) => layer.slice(parent.length)).join(":")}`;
  const directory = open(parent, constants.O_RDONLY | constants.O_DIRECTORY);
  const back = open(".", constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    check(() => libc().fchdir(directory), "fchdir", parent);
    mount(source, target, "overlay", flags, options.join(","));
  } finally {
    check(() => libc().fchdir(back), "fchdir");
    close(back);
    close(directory);
  }
}

/** With its final slash; "/" where there is none. */
function commonParent(paths: readonly string[]): string {
  let parent = `${paths[0]?.slice(0, paths[0].lastIndexOf("/"))}/`;
  for (const path of paths) {
    while (!path.startsWith(parent)) parent = parent.slice(0, parent.lastIndexOf("/", parent.length - 2) + 1);
  }
  return parent.startsWith("/") ? parent : "/";
}

/** A target that leaves the root file system is refused, not resolved. */
function below(target: string, path: string): string {
  if (path.split("/").includes("..")) {
    throw new ShimError("invalid-argument", `mount target "${path}" leaves ${target}: name a path below it`);
  }
  return join(target, path);
}
