/** Network namespaces by path, as CNI hands them over (a bind mount of a thread's ns/net) and as we make our own. */
import { constants, rmSync } from "node:fs";
import { cLibrary } from "./c-library.ts";
import { bringLoopbackUp } from "./guest-system.ts";
import { check, close, open } from "./libc.ts";
import { setns } from "./libc-process.ts";
import { mount, unmount } from "./mount.ts";
import { MS } from "./mount-options.ts";

const signatures = { unshare: ["int", "int"] } as const;

const libc = cLibrary(signatures);

const CLONE_NEWNET = 0x40000000;
/** Not /proc/self: that is the main thread's, which need not be the one that runs JavaScript. */
const OWN = "/proc/thread-self/ns/net";

/**
 * Runs `work` with this thread in the namespace, and comes back. What is made there stays there: sockets, taps, child
 * processes. `work` is synchronous, so that no other JavaScript runs meanwhile. Throws ENOENT where the path is gone,
 * EINVAL where it is no network namespace.
 */
export function inNetworkNamespace<T>(path: string, work: () => T): T {
  const target = open(path, constants.O_RDONLY);
  try {
    return andBack(() => setns(target, CLONE_NEWNET), work);
  } finally {
    close(target);
  }
}

/** A new namespace, its loopback up, kept by a mount on `path`, which is made. Throws EEXIST. */
export function makeNetworkNamespace(path: string): void {
  close(open(path, constants.O_RDONLY | constants.O_CREAT | constants.O_EXCL, 0o444));
  try {
    andBack(
      () => check(() => libc().unshare(CLONE_NEWNET), "unshare"),
      () => {
        bringLoopbackUp();
        mount(OWN, path, "", MS.BIND, "");
      },
    );
  } catch (error) {
    removeNetworkNamespace(path);
    throw error;
  }
}

/** The namespace lives on while a process or an fd is in it. One that is gone is fine. */
export function removeNetworkNamespace(path: string): void {
  unmount(path, { detach: true });
  rmSync(path, { force: true });
}

function andBack<T>(go: () => void, work: () => T): T {
  const home = open(OWN, constants.O_RDONLY);
  try {
    go();
    try {
      return work();
    } finally {
      setns(home, CLONE_NEWNET);
    }
  } finally {
    close(home);
  }
}
