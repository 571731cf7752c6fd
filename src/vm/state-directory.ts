import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { alreadyExists, failedPrecondition, invalidArgument, notFound, ShimError } from "../errors/shim-error.ts";
import { tryLock } from "../sys/libc.ts";
import { unmountRecursive } from "../sys/mount.ts";
import { namesIn } from "../sys/names-in.ts";
import { errorCode } from "../sys/sys-error.ts";
import { removeVmCgroups } from "../vmmanager/vm-cgroup.ts";
import { killVmProcesses } from "../vmmanager/vm-processes.ts";
import { SHARE_POINTS } from "./machine/shares.ts";

/** What is ours in the caller's directory. */
const OWN = "vm";
/** All that is ever in it. */
const OWN_FILES = /^(nic-\d+\.sock|virtiofsd\.sock|descriptor\.vmdk|vm-cgroups\.json|vm-processes\.json(\.\d+)?)$/;
const KILL_MS = 10_000;

/**
 * The directory that holds one instance's run-time state. It is the caller's and stays; what we need is in one directory
 * in it. Held by a lock (flock(2)) that the kernel gives back however its holder ends.
 */
export class StateDirectory {
  readonly path: string;
  /** For the VM's files; made by `prepare`. */
  readonly own: string;
  #lock: number | undefined;

  private constructor(path: string, lock: number) {
    this.path = path;
    this.own = join(path, OWN);
    this.#lock = lock;
  }

  /**
   * Takes it, and clears up what a holder that was killed has left there. Throws not-found, invalid-argument (it is no
   * directory), failed-precondition (it can't be written to), already-exists (it holds an instance).
   */
  static async claim(path: string): Promise<StateDirectory> {
    const lock = openDirectory(resolve(path));
    try {
      if (!tryLock(lock)) {
        throw alreadyExists(`state directory ${path} holds an instance; cannot make another in it: shut that one down`);
      }
      const directory = new StateDirectory(resolve(path), lock);
      await directory.clear();
      return directory;
    } catch (error) {
      closeSync(lock);
      throw error;
    }
  }

  prepare(): void {
    mkdirSync(this.own, { mode: 0o700 });
  }

  /**
   * Ends the processes of its VM that still run, and takes back mounts and files. Idempotent. Throws failed-precondition
   * where something else is among them, before it has changed anything.
   */
  async clear(): Promise<void> {
    const foreign = namesIn(this.own).find((name) => name !== SHARE_POINTS && !OWN_FILES.test(name));
    if (foreign !== undefined) {
      throw failedPrecondition(
        `${join(this.own, foreign)} is no instance's; cannot have one in ${this.path}: move it, or use another directory`,
      );
    }
    await killVmProcesses(this.own, { signal: AbortSignal.timeout(KILL_MS) });
    await removeVmCgroups(this.own);
    const points = join(this.own, SHARE_POINTS);
    unmountRecursive(points);
    // Never the contents of one: were it still mounted, they would be the host's own files.
    for (const name of namesIn(points)) rmdirSync(join(points, name));
    for (const name of namesIn(this.own)) {
      if (name === SHARE_POINTS) rmdirSync(points);
      else rmSync(join(this.own, name));
    }
    if (existsSync(this.own)) rmdirSync(this.own);
  }

  /** For the next instance. Idempotent. */
  release(): void {
    if (this.#lock === undefined) return;
    closeSync(this.#lock);
    this.#lock = undefined;
  }
}

function openDirectory(path: string): number {
  const refuse = (what: string): ShimError => {
    return failedPrecondition(
      `state directory ${path} ${what}; cannot make an instance in it: use one that can be written to`,
    );
  };
  try {
    const { mode } = statSync(path);
    // Root may write to it all the same: that is not what its owner meant.
    if ((mode & 0o222) === 0) throw refuse("is read-only");
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      accessSync(path, constants.W_OK | constants.X_OK);
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  } catch (error) {
    switch (errorCode(error)) {
      case "ENOENT":
        throw notFound(`state directory ${path} does not exist; cannot make an instance in it: make it`, error);
      case "ENOTDIR":
        throw invalidArgument(`${path} is no directory; cannot make an instance in it`, error);
      case "EROFS":
      case "EACCES":
        throw refuse("is read-only");
      default:
        throw ShimError.from(error, "internal");
    }
  }
}
