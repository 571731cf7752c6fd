import { existsSync, fstatSync, mkdirSync, rmdirSync, type Stats, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alreadyExists, invalidArgument, notFound, ShimError } from "../errors/shim-error.ts";
import { close } from "../sys/libc.ts";
import { unmountRecursive } from "../sys/mount.ts";
import { bindTree, openPath } from "../sys/mount-tree.ts";
import { mountsUnder } from "../sys/mountinfo.ts";
import { namesIn } from "../sys/names-in.ts";
import { errorCode } from "../sys/sys-error.ts";
import type { Plan9Share } from "./plan9.ts";

/**
 * The directory that virtiofsd serves: each entry is a bind mount of what is shared under its name. Only the host makes
 * entries, in `<state>/share-points`; `<state>/shared` is a read-only view of that directory, or a guest could put a
 * symbolic link where the host is about to mount. It is a shared mount: virtiofsd's own namespace follows it. State is
 * the kernel's mount table alone.
 */
export class ShareTree {
  readonly path: string;
  readonly #points: string;

  constructor(stateDirectory: string) {
    this.path = join(stateDirectory, "shared");
    this.#points = join(stateDirectory, "share-points");
  }

  /** Idempotent. */
  prepare(): void {
    if (mountsUnder(this.path).length > 0) return;
    for (const path of [this.path, this.#points]) mkdirSync(path, { recursive: true, mode: 0o755 });
    const points = openPath(this.#points);
    try {
      bindTree(points, this.path, { readOnly: true, propagation: "shared" });
    } finally {
      close(points);
    }
  }

  /** What `add` would say, before anything is made for it. */
  check({ name, hostPath }: Plan9Share): void {
    if (existsSync(join(this.#points, checkName(name)))) throw taken(name);
    close(openSource(hostPath));
  }

  /**
   * The host's path is resolved once, here: what is put in its place later is not shared. Read-only holds for what is
   * mounted below it, too; it is so before the mount is seen, as a remount would not reach virtiofsd's copy.
   */
  add({ name, hostPath, readOnly }: Plan9Share): void {
    const point = join(this.#points, checkName(name));
    const source = openSource(hostPath);
    try {
      makePoint(name, point, fstatSync(source));
      try {
        bindTree(source, join(this.path, name), { readOnly, propagation: "private" });
      } catch (error) {
        removePoint(point);
        throw ShimError.from(error, "internal");
      }
    } finally {
      close(source);
    }
  }

  /** True: somebody still uses it, so that it is only out of sight. Throws not-found. */
  remove(name: string): boolean {
    const target = join(this.path, checkName(name));
    const point = join(this.#points, name);
    const isBusy = unmountRecursive(target).length > 0;
    if (!removePoint(point)) throw notFound(`share ${name} does not exist; cannot remove it`);
    return isBusy;
  }

  /** Unmounts all, also what a failure has left, and removes both directories. Idempotent. */
  close(): void {
    unmountRecursive(this.path);
    // Never the contents of an entry: were it still mounted, they would be the host's own files.
    for (const name of namesIn(this.#points)) removePoint(join(this.#points, name));
    for (const path of [this.path, this.#points]) removePoint(path);
  }
}

function checkName(name: string): string {
  if (/^\.{0,2}$|[/\0]/.test(name) || Buffer.byteLength(name) > 255) {
    throw invalidArgument(`share name ${JSON.stringify(name)} is no name for a file; cannot add or remove it`);
  }
  return name;
}

function openSource(hostPath: string): number {
  try {
    return openPath(hostPath);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") throw notFound(`${hostPath} does not exist; cannot share it`, error);
    throw ShimError.from(error, "internal");
  }
}

/** What is mounted on: a directory or a file, as the source. */
function makePoint(name: string, point: string, source: Stats): void {
  if (!source.isDirectory() && !source.isFile()) {
    throw invalidArgument(`the source of share ${name} is neither a directory nor a file; cannot share it`);
  }
  try {
    if (source.isDirectory()) mkdirSync(point);
    else writeFileSync(point, "", { flag: "wx" });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    throw taken(name, error);
  }
}

function taken(name: string, cause?: unknown): Error {
  return alreadyExists(`share ${name} exists; cannot add it: remove it first, or use another name`, cause);
}

/** False: it was not there. */
function removePoint(point: string): boolean {
  try {
    rmdirSync(point);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    if (errorCode(error) !== "ENOTDIR") throw error;
    unlinkSync(point);
  }
  return true;
}
