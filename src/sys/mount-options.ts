/** containerd's and OCI's mount options -> mount(2)'s flags and data (containerd core/mount, OCI runtime spec "Mounts"). */
import { ShimError } from "../errors/shim-error.ts";

export const MS = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  SYNCHRONOUS: 16,
  REMOUNT: 32,
  MANDLOCK: 64,
  DIRSYNC: 128,
  NOSYMFOLLOW: 256,
  NOATIME: 1024,
  NODIRATIME: 2048,
  BIND: 4096,
  REC: 16384,
  UNBINDABLE: 1 << 17,
  PRIVATE: 1 << 18,
  SLAVE: 1 << 19,
  SHARED: 1 << 20,
  RELATIME: 1 << 21,
  STRICTATIME: 1 << 24,
} as const;

export interface MountFlags {
  readonly flags: number;
  /** Propagation types: each needs a call of its own after the mount. */
  readonly propagation: readonly number[];
  /** The file system's own options, joined by commas. */
  readonly data: string;
  /** The source is a file to be attached to a loop device. */
  readonly loop: boolean;
}

const set: Readonly<Record<string, number>> = {
  bind: MS.BIND,
  rbind: MS.BIND | MS.REC,
  ro: MS.RDONLY,
  nosuid: MS.NOSUID,
  nodev: MS.NODEV,
  noexec: MS.NOEXEC,
  nosymfollow: MS.NOSYMFOLLOW,
  sync: MS.SYNCHRONOUS,
  dirsync: MS.DIRSYNC,
  remount: MS.REMOUNT,
  mand: MS.MANDLOCK,
  noatime: MS.NOATIME,
  nodiratime: MS.NODIRATIME,
  relatime: MS.RELATIME,
  strictatime: MS.STRICTATIME,
};

const clear: Readonly<Record<string, number>> = {
  rw: MS.RDONLY,
  suid: MS.NOSUID,
  dev: MS.NODEV,
  exec: MS.NOEXEC,
  symfollow: MS.NOSYMFOLLOW,
  async: MS.SYNCHRONOUS,
  nomand: MS.MANDLOCK,
  atime: MS.NOATIME,
  diratime: MS.NODIRATIME,
  norelatime: MS.RELATIME,
  nostrictatime: MS.STRICTATIME,
};

const propagations: Readonly<Record<string, number>> = {
  private: MS.PRIVATE,
  rprivate: MS.PRIVATE | MS.REC,
  shared: MS.SHARED,
  rshared: MS.SHARED | MS.REC,
  slave: MS.SLAVE,
  rslave: MS.SLAVE | MS.REC,
  unbindable: MS.UNBINDABLE,
  runbindable: MS.UNBINDABLE | MS.REC,
};

/** Throws unimplemented for id-mapped mounts. `X-containerd.*` and `x-*` are notes to user space, not to the kernel. */
export function parseMountOptions(options: readonly string[]): MountFlags {
  let flags = 0;
  let loop = false;
  const propagation: number[] = [];
  const data: string[] = [];
  for (const option of options) {
    const sets = set[option];
    const clears = clear[option];
    const spreads = propagations[option];
    if (sets !== undefined) flags |= sets;
    else if (clears !== undefined) flags &= ~clears;
    else if (spreads !== undefined) propagation.push(spreads);
    else if (option === "loop") loop = true;
    else if (option === "defaults" || option === "" || /^x-/i.test(option)) continue;
    else if (/^[ug]idmap=/.test(option)) {
      throw new ShimError("unimplemented", `mount option "${option}": id-mapped mounts are not supported`);
    } else data.push(option);
  }
  return { flags, propagation, data: data.join(","), loop };
}
