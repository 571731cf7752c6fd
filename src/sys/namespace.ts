/** Namespaces by path: a bind mount of a thread's own keeps one for as long as the mount is there (namespaces(7)). */
import { constants, rmSync, statfsSync } from "node:fs";
import { cLibrary } from "./c-library.ts";
import { check, close, open } from "./libc.ts";
import { setns } from "./libc-process.ts";
import { mount, unmount } from "./mount.ts";
import { MS } from "./mount-options.ts";

const signatures = { unshare: ["int", "int"] } as const;

const libc = cLibrary(signatures);

const NSFS_MAGIC = 0x6e736673;

/** CLONE_NEW*. Of those that a thread may leave and come back to while others of its process stay. */
const FLAGS = { ipc: 0x08000000, net: 0x40000000, uts: 0x04000000 } as const;
export type NamespaceKind = keyof typeof FLAGS;

/** Not /proc/self: that is the main thread's, which need not be the one that runs JavaScript. */
const own = (kind: NamespaceKind): string => `/proc/thread-self/ns/${kind}`;

/** True for a namespace of any kind. Throws ENOENT where the path is gone. */
export function isNamespace(path: string): boolean {
  return statfsSync(path).type === NSFS_MAGIC;
}

/**
 * Runs `work` with this thread in the namespace, and comes back. `work` is synchronous, so that no other JavaScript runs
 * meanwhile. Throws ENOENT where the path is gone, EINVAL where it is no namespace of the kind.
 */
export function inNamespaceOf<T>(kind: NamespaceKind, path: string, work: () => T): T {
  const target = open(path, constants.O_RDONLY);
  try {
    return andBack(kind, () => setns(target, FLAGS[kind]), work);
  } finally {
    close(target);
  }
}

/** A new namespace, kept by a mount on `path`, which is made; `prepare` runs in it first. Throws EEXIST. */
export function makeNamespace(kind: NamespaceKind, path: string, prepare: () => void = () => {}): void {
  close(open(path, constants.O_RDONLY | constants.O_CREAT | constants.O_EXCL, 0o444));
  try {
    andBack(
      kind,
      () => check(() => libc().unshare(FLAGS[kind]), "unshare"),
      () => {
        prepare();
        mount(own(kind), path, "", MS.BIND, "");
      },
    );
  } catch (error) {
    removeNamespace(path);
    throw error;
  }
}

/** The namespace lives on while a process or an fd is in it. One that is gone is fine. */
export function removeNamespace(path: string): void {
  unmount(path, { detach: true });
  rmSync(path, { force: true });
}

function andBack<T>(kind: NamespaceKind, go: () => void, work: () => T): T {
  const home = open(own(kind), constants.O_RDONLY);
  try {
    go();
    try {
      return work();
    } finally {
      setns(home, FLAGS[kind]);
    }
  } finally {
    close(home);
  }
}
