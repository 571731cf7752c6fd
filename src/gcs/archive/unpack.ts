import {
  chmodSync,
  chownSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  symlinkSync,
  unlinkSync,
  write as writeFd,
} from "node:fs";
import { promisify } from "node:util";
import { invalidArgument, ShimError } from "../../errors/shim-error.ts";
import { close } from "../../sys/libc.ts";
import {
  descriptorPath,
  entryPath,
  makeFifo,
  O_PATH,
  openInside,
  type Resolution,
  setXattr,
} from "../../sys/rooted.ts";
import { errorCode, SysError } from "../../sys/sys-error.ts";
import { MountPoints } from "./mount-points.ts";
import { entryParts, fileError, latin1, makeDirectory, openDirectory, partsOf } from "./places.ts";
import type { TarEntry } from "./tar-format.ts";
import { type ByteSource, TarReader } from "./tar-reader.ts";

const write = promisify(writeFd);
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

export interface UnpackOptions {
  /** uid, gid, setuid bits and what else gives rights are those of the archive; else all is root's. */
  readonly preserveOwnership: boolean;
  /** The container's, which are refused. */
  readonly mounts: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Unpacks a tar below a directory of the root, which is made where it is not there. No entry, and no link that it or the
 * container has made, leads out of that directory: the kernel resolves each name inside of it. What is there is replaced,
 * but no directory by anything else. Devices are refused.
 */
export async function unpack(source: ByteSource, root: number, path: string, options: UnpackOptions): Promise<void> {
  const parts = partsOf(path);
  const mounts = new MountPoints(root, options.mounts);
  const destination = at(path, () => makeDirectory(root, parts, "in-root", (directory) => mounts.refuse(directory)));
  // In the container's root its absolute links are good; below it they lead out.
  const unpacking = new Unpacking(destination, parts.length === 0 ? "in-root" : "beneath", mounts, options);
  try {
    const reader = new TarReader(source);
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
      options.signal.throwIfAborted();
      await unpacking.place(entry, reader);
    }
  } finally {
    close(destination);
  }
}

class Unpacking {
  readonly #directory: number;
  readonly #how: Resolution;
  readonly #mounts: MountPoints;
  readonly #options: UnpackOptions;

  constructor(directory: number, how: Resolution, mounts: MountPoints, options: UnpackOptions) {
    this.#directory = directory;
    this.#how = how;
    this.#mounts = mounts;
    this.#options = options;
  }

  async place(entry: TarEntry, reader: TarReader): Promise<void> {
    const parts = entryParts(entry.name, "the entry");
    const name = parts.at(-1);
    if (name === undefined) return;
    try {
      const look = (directory: number): void => this.#mounts.refuse(directory);
      const parent = makeDirectory(this.#directory, parts.slice(0, -1), this.#how, look);
      try {
        // A mount point itself is a directory of the archive like others.
        if (entry.type !== "directory") this.#mounts.refuse(parent, name);
        await this.#make(entry, parent, latin1(name), reader);
      } finally {
        close(parent);
      }
    } catch (error) {
      throw fileError(entry.name, error);
    }
  }

  async #make(entry: TarEntry, parent: number, name: Buffer, reader: TarReader): Promise<void> {
    const path = entryPath(parent, name);
    switch (entry.type) {
      case "directory":
        makeOrKeep(path);
        return this.#settleBy(entry, parent, name);
      case "file":
        return await this.#file(entry, parent, name, reader);
      case "symlink":
        if (entry.linkName === "" || entry.linkName.includes("\0")) {
          throw invalidArgument(`the link ${JSON.stringify(entry.name)} of the archive leads to no name`);
        }
        clear(path);
        symlinkSync(latin1(entry.linkName), path);
        if (this.#options.preserveOwnership) lchownSync(path, entry.uid, entry.gid);
        lutimesSync(path, entry.mtime, entry.mtime);
        return;
      case "link":
        return this.#link(entry, path);
      case "fifo":
        clear(path);
        makeFifo(path, 0o600);
        return this.#settleBy(entry, parent, name);
      case "char":
      case "block":
        throw new ShimError(
          "permission-denied",
          `the entry ${JSON.stringify(entry.name)} is a device; cannot unpack it`,
        );
    }
  }

  async #file(entry: TarEntry, parent: number, name: Buffer, reader: TarReader): Promise<void> {
    const path = entryPath(parent, name);
    clear(path);
    const fd = openInside(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, "plain", 0o600);
    try {
      for (let part = await reader.content(); part !== undefined; part = await reader.content()) {
        this.#options.signal.throwIfAborted();
        for (let done = 0; done < part.length; ) done += (await write(fd, part, done)).bytesWritten;
      }
      if (this.#options.preserveOwnership) fchownSync(fd, entry.uid, entry.gid);
      fchmodSync(fd, this.#modeOf(entry));
      this.#attributes(entry, fd);
      futimesSync(fd, entry.mtime, entry.mtime);
    } catch (error) {
      unlinkSync(path);
      throw error;
    } finally {
      close(fd);
    }
  }

  /** To what the archive, or the container, has below the same directory; to a link itself where it is one. */
  #link(entry: TarEntry, path: Buffer): void {
    const target = entryParts(entry.linkName, "the link's target");
    const directory = openDirectory(this.#directory, target.slice(0, -1), this.#how);
    try {
      clear(path);
      linkSync(entryPath(directory, latin1(target.at(-1) ?? ".")), path);
    } finally {
      close(directory);
    }
  }

  #settleBy(entry: TarEntry, parent: number, name: Buffer): void {
    const fd = openInside(parent, name, O_PATH | O_NOFOLLOW, "plain");
    try {
      const stat = fstatSync(fd);
      if (entry.type === "directory" ? !stat.isDirectory() : !stat.isFIFO()) {
        throw new ShimError("aborted", `${JSON.stringify(entry.name)} was replaced while it was unpacked`);
      }
      const path = descriptorPath(fd);
      if (this.#options.preserveOwnership) chownSync(path, entry.uid, entry.gid);
      chmodSync(path, this.#modeOf(entry));
      this.#attributes(entry, fd);
    } finally {
      close(fd);
    }
  }

  #modeOf({ mode }: TarEntry): number {
    return this.#options.preserveOwnership ? mode : mode & 0o1777;
  }

  /** Never what file systems keep for themselves there (trusted.*: overlay's own bookkeeping). */
  #attributes({ name, xattrs }: TarEntry, fd: number): void {
    for (const [key, value] of xattrs) {
      if (key.includes("\0"))
        throw invalidArgument(`${JSON.stringify(name)} of the archive has an attribute with a NUL`);
      const rights = key === "security.capability" || key.startsWith("system.posix_acl_");
      if (key.startsWith("user.") || (rights && this.#options.preserveOwnership))
        setXattr(descriptorPath(fd), key, value);
    }
  }
}

/** Makes room for an entry. */
function clear(path: Buffer): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isDirectory()) throw new SysError(21, "unlink");
  unlinkSync(path);
}

function makeOrKeep(path: Buffer): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== "EEXIST" || !lstatSync(path).isDirectory()) throw error;
  }
}

function at<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileError(path, error);
  }
}
