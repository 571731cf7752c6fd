import { constants, fstatSync, readdirSync, read as readFd, readlinkSync, type Stats } from "node:fs";
import { promisify } from "node:util";
import { failedPrecondition, ShimError } from "../../errors/shim-error.ts";
import { close, open } from "../../sys/libc.ts";
import { entryPath, listXattrs, O_PATH, openInside } from "../../sys/rooted.ts";
import { MountPoints } from "./mount-points.ts";
import { fileError, latin1, openDirectory, partsOf } from "./places.ts";
import { BLOCK, type EntryType, encodeHeader, paddingOf, type TarEntry } from "./tar-format.ts";

const read = promisify(readFd);
const { O_NOFOLLOW, O_RDONLY, O_NONBLOCK } = constants;
const CHUNK = 64 << 10;
/** An open directory each. */
const MAX_DEPTH = 256;

export interface ByteSink {
  /** False: nobody reads any more. */
  put(bytes: Uint8Array): Promise<boolean>;
}

export interface PackOptions {
  /** Of a directory only its own entry. */
  readonly noWalk: boolean;
  /** The container's; a path on one is refused. */
  readonly mounts: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Packs a path of the root, not following a link that it may be, as a tar; its entries' names begin with its last part.
 * Sockets are left out. A file that shrinks meanwhile ends it (aborted), one that grows is cut.
 */
export async function pack(sink: ByteSink, root: number, path: string, options: PackOptions): Promise<void> {
  const parts = partsOf(path);
  const name = parts.at(-1) ?? ".";
  const packing = new Packing(sink, options);
  let parent: number | undefined;
  try {
    parent = openDirectory(root, parts.slice(0, -1), "in-root");
    new MountPoints(root, options.mounts).refuse(parent, name);
    await packing.walk(parent, latin1(name), name, 0);
  } catch (error) {
    throw fileError(path, error);
  } finally {
    if (parent !== undefined) close(parent);
  }
  await packing.put(Buffer.alloc(2 * BLOCK));
}

class Packing {
  readonly #sink: ByteSink;
  readonly #options: PackOptions;

  constructor(sink: ByteSink, options: PackOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  async put(bytes: Uint8Array): Promise<void> {
    this.#options.signal.throwIfAborted();
    if (!(await this.#sink.put(bytes))) throw new ShimError("canceled", "nobody takes the archive any more");
  }

  async walk(parent: number, name: Buffer, entryName: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH)
      throw failedPrecondition(`there are more than ${MAX_DEPTH} directories in one another; cannot pack them`);
    const fd = openInside(parent, name, O_PATH | O_NOFOLLOW, "plain");
    try {
      const stat = fstatSync(fd);
      const type = typeOf(stat);
      if (type === undefined) return;
      const path = entryPath(parent, name);
      const linkName = type === "symlink" ? readlinkSync(path, "buffer").toString("latin1") : "";
      await this.put(encodeHeader(entryOf(stat, type, entryName, linkName, listXattrs(path))));
      if (type === "file") await this.#content(fd, stat.size, entryName);
      if (type === "directory" && !this.#options.noWalk) await this.#children(fd, entryName, depth);
    } finally {
      close(fd);
    }
  }

  async #children(directory: number, entryName: string, depth: number): Promise<void> {
    for (const child of readdirSync(`/proc/self/fd/${directory}`, { encoding: "buffer" })) {
      const text = child.toString("latin1");
      try {
        await this.walk(directory, child, entryName === "." ? text : `${entryName}/${text}`, depth + 1);
      } catch (error) {
        throw fileError(text, error);
      }
    }
  }

  /** By the file that was looked at, whatever has its name now. */
  async #content(path: number, size: number, name: string): Promise<void> {
    const fd = open(`/proc/self/fd/${path}`, O_RDONLY | O_NONBLOCK);
    try {
      for (let left = size; left > 0; ) {
        const { bytesRead, buffer } = await read(
          fd,
          Buffer.allocUnsafeSlow(Math.min(left, CHUNK)),
          0,
          Math.min(left, CHUNK),
          null,
        );
        if (bytesRead === 0) throw new ShimError("aborted", `${JSON.stringify(name)} shrank while it was read`);
        await this.put(buffer.subarray(0, bytesRead));
        left -= bytesRead;
      }
      const padding = paddingOf(size);
      if (padding > 0) await this.put(Buffer.alloc(padding));
    } finally {
      close(fd);
    }
  }
}

function typeOf(stat: Stats): EntryType | undefined {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isFIFO()) return "fifo";
  if (stat.isCharacterDevice()) return "char";
  if (stat.isBlockDevice()) return "block";
  return undefined;
}

function entryOf(
  stat: Stats,
  type: EntryType,
  name: string,
  linkName: string,
  xattrs: ReadonlyMap<string, Uint8Array>,
): TarEntry {
  const own = [...xattrs].filter(
    ([key]) => key.startsWith("user.") || key === "security.capability" || key.startsWith("system.posix_acl_"),
  );
  return {
    name: type === "directory" ? `${name}/` : name,
    type,
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    size: type === "file" ? stat.size : 0,
    mtime: Math.max(0, stat.mtimeMs / 1000),
    linkName,
    device: { major: (stat.rdev >> 8) & 0xfff, minor: (stat.rdev & 0xff) | ((stat.rdev >> 12) & 0xfff00) },
    xattrs: new Map(own),
  };
}
