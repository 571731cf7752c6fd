/** Mounts as trees that are prepared out of sight and then attached (open_tree(2), mount_setattr(2), move_mount(2); Linux 5.12). */
import { constants } from "node:fs";
import { cLibrary } from "./c-library.ts";
import { check, close, open } from "./libc.ts";
import { MS } from "./mount-options.ts";

/** By number: the C library has names for them only since glibc 2.36. The same on x86-64 and arm64. */
const SYS_OPEN_TREE = 428;
const SYS_MOVE_MOUNT = 429;
const SYS_MOUNT_SETATTR = 442;

const openTreeSignature = { syscall: ["i64", "i64", "int", "cstring", "uint"] } as const;
const setAttributesSignature = { syscall: ["i64", "i64", "int", "cstring", "uint", "buffer", "u64"] } as const;
const moveMountSignature = { syscall: ["i64", "i64", "int", "cstring", "int", "cstring", "uint"] } as const;
const openTree = cLibrary(openTreeSignature);
const setAttributes = cLibrary(setAttributesSignature);
const moveMount = cLibrary(moveMountSignature);

const AT_EMPTY_PATH = 0x1000;
const AT_RECURSIVE = 0x8000;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0o2000000;
const MOVE_MOUNT_F_EMPTY_PATH = 0x4;
const MOVE_MOUNT_T_EMPTY_PATH = 0x40;
const MOUNT_ATTR_RDONLY = 1n;
const O_PATH = 0o10000000;

export interface BoundTree {
  /** All of it, with what is mounted below the source: before anybody sees it, and in every copy made from it. */
  readonly readOnly: boolean;
  /** Shared: what is mounted below the target from now on appears in copies of it in other namespaces. */
  readonly propagation: "private" | "shared";
}

/** An fd that names a file or directory, and keeps naming it (O_PATH). Symbolic links are followed. Throws SysError. */
export function openPath(path: string): number {
  return open(path, O_PATH);
}

/**
 * Binds what `source` (an fd, as of `openPath`) names to the target, with all that is mounted below it at this moment:
 * what the host mounts there later is not seen. The target's last part is not followed if it is a symbolic link.
 */
export function bindTree(source: number, target: string, tree: BoundTree): void {
  const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE;
  const clone = check(() => openTree().syscall(SYS_OPEN_TREE, source, "", flags), "open_tree");
  try {
    // Private first, also where it is to be shared: out of the source's peer group, or what is mounted below the target
    // would appear below the source too.
    setTree(clone, target, MS.PRIVATE, tree.readOnly ? MOUNT_ATTR_RDONLY : 0n);
    if (tree.propagation === "shared") setTree(clone, target, MS.SHARED, 0n);
    const place = open(target, O_PATH | constants.O_NOFOLLOW);
    try {
      const empty = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
      check(() => moveMount().syscall(SYS_MOVE_MOUNT, clone, "", place, "", empty), "move_mount", target);
    } finally {
      close(place);
    }
  } finally {
    close(clone);
  }
}

function setTree(tree: number, target: string, propagation: number, set: bigint): void {
  // struct mount_attr: attr_set, attr_clr, propagation, userns_fd; 64 bits each.
  const bytes = new Uint8Array(new BigUint64Array([set, 0n, BigInt(propagation), 0n]).buffer);
  const flags = AT_EMPTY_PATH | AT_RECURSIVE;
  check(
    () => setAttributes().syscall(SYS_MOUNT_SETATTR, tree, "", flags, bytes, bytes.length),
    "mount_setattr",
    target,
  );
}
