import type { Mount } from "../events.ts";
import { type MountDirectory, type MountedBefore, type ReadyMount, ready, refuseVerity, typed } from "./mount-type.ts";

/** What a host path is, as far as it decides how it comes into a VM. */
export type PathKind = "directory" | "file" | "block-device" | "character-device" | "socket" | "fifo" | "missing";

/** An image or block device that the guest mounts itself. */
export interface DiskMount {
  readonly hostPath: string;
  readonly readOnly: boolean;
  readonly fileSystem: string;
  readonly options: readonly string[];
  /** Images that it refers to (erofs `device=`), in their order. */
  readonly blobs: readonly string[];
}

/** A directory of one of the plan's disks. */
export interface DiskPath {
  readonly disk: number;
  /** "" for its root, else "/sub/directory". */
  readonly path: string;
}

export type RootfsPlan =
  /** The host mounts the list on the bundle's rootfs and shares that; with an empty list it shares what is there. */
  | { readonly kind: "share"; readonly mounts: readonly Mount[] }
  /** The guest mounts it all. `lower` topmost first; `scratch` holds overlayfs's `upper` and `work`. */
  | {
      readonly kind: "disks";
      readonly disks: readonly DiskMount[];
      readonly root: DiskPath | { readonly lower: readonly DiskPath[]; readonly scratch: DiskPath | undefined };
    };

const FILE_SYSTEMS = ["ext2", "ext3", "ext4", "xfs", "erofs", "squashfs"];

/**
 * How a root file system gets into a VM: as disks wherever the list is nothing but images and an overlay or bind of
 * them, for the guest does that without any mount on the host; else by a share. Throws for a mount that neither can do.
 */
export function planRootfs(mounts: readonly Mount[], kindOf: (path: string) => PathKind): RootfsPlan {
  for (const mount of mounts) refuseVerity(mount);
  const list = mounts.map(typed);
  const share: RootfsPlan = { kind: "share", mounts };
  const disks: DiskMount[] = [];
  const before: MountedBefore[] = [];
  for (const [index, mount] of list.entries()) {
    const filled = ready(mount, before);
    const disk = filled.target === "" && filled.directories.length === 0 ? diskOf(filled, kindOf) : undefined;
    if (disk === undefined) {
      if (disks.length === 0 || index !== list.length - 1) return share;
      const root = composed(filled);
      return root === undefined ? share : { kind: "disks", disks, root };
    }
    disks.push(disk);
    before.push({ mountPoint: `/${index}@`, source: filled.source, target: filled.target });
  }
  // Several images without anything that composes them would hide each other: the host's kernel decides that.
  return disks.length === 1 ? { kind: "disks", disks, root: { disk: 0, path: "" } } : share;
}

/** Undefined for what no guest mounts from a disk. */
export function diskOf(mount: Mount, kindOf: (path: string) => PathKind): DiskMount | undefined {
  const { type: fileSystem, source, options } = mount;
  if (!FILE_SYSTEMS.includes(fileSystem)) return undefined;
  refuseVerity(mount);
  const kind = kindOf(source);
  if (kind !== "file" && kind !== "block-device") return undefined;
  const words = options.filter((option) => !["loop", "ro", "rw"].includes(option) && !/^(x-|device=)/i.test(option));
  const blobs = options.filter((option) => option.startsWith("device=")).map((option) => option.slice(7));
  const readOnly = options.includes("ro") || fileSystem === "erofs" || fileSystem === "squashfs";
  return { hostPath: source, readOnly, fileSystem, options: words, blobs };
}

/** The last mount of a list of disks: an overlay or a bind of them; undefined where it needs more than the disks. */
function composed({ type, source, target, options, directories }: ReadyMount) {
  if (target !== "") return undefined;
  if (type === "bind") return directories.length === 0 && options.includes("ro") ? diskPath(source) : undefined;
  if (type !== "overlay") return undefined;
  const value = (name: string): string | undefined =>
    options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
  const lower = (value("lowerdir") ?? "").split(":").map(diskPath);
  if (!lower.every((path) => path !== undefined)) return undefined;
  const known = ["lowerdir=", "upperdir=", "workdir="];
  // What the guest's overlay gets no word of must mean nothing there.
  const rest = options.filter((option) => !known.some((name) => option.startsWith(name)));
  if (!rest.every((option) => ["rw", "ro", "index=off"].includes(option) || /^x-/i.test(option))) return undefined;
  const [upper, work] = [diskPath(value("upperdir") ?? ""), diskPath(value("workdir") ?? "")];
  if (value("upperdir") === undefined && value("workdir") === undefined) return { lower, scratch: undefined };
  if (upper === undefined || work === undefined || upper.disk !== work.disk) return undefined;
  const scratch = upper.path.replace(/\/upper$/, "");
  // The guest makes these two directories itself, by these names and as root's.
  if (upper.path !== `${scratch}/upper` || work.path !== `${scratch}/work`) return undefined;
  if (!directories.every(({ mode, owner }) => isGuestsOwn(mode, owner))) return undefined;
  return { lower, scratch: { disk: upper.disk, path: scratch } };
}

/** The root of an overlay has the mode and the owner of its upper directory; a work directory may be narrower. */
function isGuestsOwn(mode: number, owner: MountDirectory["owner"]): boolean {
  return (mode === 0o755 || mode === 0o700) && (owner?.uid ?? 0) === 0 && (owner?.gid ?? 0) === 0;
}

function diskPath(path: string): DiskPath | undefined {
  const match = /^\/(\d+)@((?:\/[^/]+)*)$/.exec(path);
  if (match === null || match[2]?.split("/").includes("..")) return undefined;
  return { disk: Number(match[1]), path: match[2] ?? "" };
}
