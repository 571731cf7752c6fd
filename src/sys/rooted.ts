/** Paths that are resolved by the kernel inside a directory, whatever is changed below it meanwhile. */
import { cLibrary } from "./c-library.ts";
import { check } from "./libc.ts";
import { errorCode } from "./sys-error.ts";

const signatures = {
  syscall: ["i64", "i64", "i64", "buffer", "buffer", "u64"],
  llistxattr: ["i64", "buffer", "buffer", "u64"],
  lgetxattr: ["i64", "buffer", "cstring", "buffer", "u64"],
  setxattr: ["int", "buffer", "cstring", "buffer", "u64", "int"],
  mkfifo: ["int", "buffer", "uint"],
} as const;

const libc = cLibrary(signatures);

/** openat2(2); the same on every architecture. */
const OPENAT2 = 437;
const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;

/** `beneath`: leaving the directory is an error (EXDEV). `in-root`: the directory is "/" to all links. `plain`: no link at all. */
export type Resolution = "beneath" | "in-root" | "plain";
const RESOLVE: Readonly<Record<Resolution, bigint>> = {
  beneath: 0x08n | 0x02n,
  "in-root": 0x10n | 0x02n,
  plain: 0x08n | 0x04n | 0x02n,
};

/** How often a rename under way makes the kernel give up before we do. */
const RACES = 64;

/** A path as the kernel takes it; names are bytes. */
export function pathBytes(path: Uint8Array): Buffer {
  return Buffer.concat([path, Buffer.of(0)]);
}

/** Opens `path` below the directory. Throws SysError: EXDEV, ELOOP (a link where none may be), ENOENT... */
export function openInside(directory: number, path: Uint8Array, flags: number, how: Resolution, mode = 0): number {
  const request = new DataView(new ArrayBuffer(24));
  request.setBigUint64(0, BigInt(flags | O_CLOEXEC), true);
  request.setBigUint64(8, BigInt(mode), true);
  request.setBigUint64(16, RESOLVE[how], true);
  const name = pathBytes(path);
  for (let race = 1; ; race += 1) {
    try {
      return check(
        () => libc().syscall(OPENAT2, directory, name, new Uint8Array(request.buffer), 24),
        "openat2",
        path.toString(),
      );
    } catch (error) {
      if (errorCode(error) !== "EAGAIN" || race === RACES) throw error;
    }
  }
}

/** Of what is open that any call takes: it is that file, whatever has its name now. */
export function descriptorPath(fd: number): Buffer {
  return Buffer.from(`/proc/self/fd/${fd}`);
}

/** The name of an entry of an open directory that any call takes; its last part is not resolved by us. */
export function entryPath(directory: number, name: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), name]);
}

/** Its mode is subject to the umask: to change it by its name would be to follow a link that has it by then. */
export function makeFifo(path: Uint8Array, mode: number): void {
  check(() => libc().mkfifo(pathBytes(path), mode), "mkfifo");
}

const MAX_XATTR = 64 << 10;

/** Extended attributes of a file, a link itself included; none where its file system has none. */
export function listXattrs(path: Uint8Array): Map<string, Buffer> {
  const attributes = new Map<string, Buffer>();
  const file = pathBytes(path);
  const buffer = new Uint8Array(MAX_XATTR);
  try {
    const length = check(() => libc().llistxattr(file, buffer, buffer.length), "llistxattr");
    const names = Buffer.from(buffer.subarray(0, length)).toString("latin1").split("\0");
    for (const name of names) {
      if (name === "") continue;
      const size = check(() => libc().lgetxattr(file, name, buffer, buffer.length), "lgetxattr");
      attributes.set(name, Buffer.from(buffer.subarray(0, size)));
    }
  } catch (error) {
    if (!["EOPNOTSUPP", "ENODATA", "EPERM", "EACCES"].includes(errorCode(error) ?? "")) throw error;
  }
  return attributes;
}

/** Follows links: give it a descriptor's path. False where the file system or the kind of file takes none. */
export function setXattr(path: Uint8Array, name: string, value: Uint8Array): boolean {
  try {
    const bytes = value.length === 0 ? new Uint8Array(1) : value;
    check(() => libc().setxattr(pathBytes(path), name, bytes, value.length, 0), "setxattr");
    return true;
  } catch (error) {
    if (["EOPNOTSUPP", "EPERM"].includes(errorCode(error) ?? "")) return false;
    throw error;
  }
}
