/** Where an archive's entries come from and go to: names below an open directory, resolved by the kernel inside of it. */
import { constants, mkdirSync } from "node:fs";
import { type ErrorKind, invalidArgument, ShimError } from "../../errors/shim-error.ts";
import { close } from "../../sys/libc.ts";
import { entryPath, O_PATH, openInside, type Resolution } from "../../sys/rooted.ts";
import { errorCode } from "../../sys/sys-error.ts";

const DIRECTORY = O_PATH | constants.O_DIRECTORY;

export const latin1 = (name: string): Buffer => Buffer.from(name, "latin1");

/** A container's path, lexically: its ".." do not lead above "/". Throws invalid-argument for one with a NUL. */
export function partsOf(path: string): string[] {
  if (path.includes("\0")) throw invalidArgument(`the path ${JSON.stringify(path)} has a NUL in it; cannot copy it`);
  const parts: string[] = [];
  for (const part of Buffer.from(path).toString("latin1").split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}

/** An archive's name. Throws invalid-argument for one that leads out of where it is unpacked. */
export function entryParts(name: string, what: string): string[] {
  // It would end the name for the kernel, not for us.
  if (name.includes("\0")) throw invalidArgument(`${what} ${JSON.stringify(name)} of the archive has a NUL in it`);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (!parts.includes("..")) return parts;
  throw invalidArgument(`${what} ${JSON.stringify(name)} of the archive leads upward; cannot unpack it`);
}

/** An fd of the directory; the caller closes it. */
export function openDirectory(base: number, parts: readonly string[], how: Resolution): number {
  return openInside(base, latin1(parts.join("/") || "."), DIRECTORY, how);
}

/** The same, with what is not there made (0755, root's). `look` is shown each directory before anything is made in it. */
export function makeDirectory(
  base: number,
  parts: readonly string[],
  how: Resolution,
  look: (directory: number) => void,
): number {
  let at = openDirectory(base, [], how);
  try {
    look(at);
    for (let count = 1; count <= parts.length; count += 1) {
      const next = step(base, at, parts.slice(0, count), how);
      close(at);
      at = next;
      look(at);
    }
    return at;
  } catch (error) {
    close(at);
    throw error;
  }
}

function step(base: number, above: number, parts: readonly string[], how: Resolution): number {
  try {
    return openDirectory(base, parts, how);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    mkdirSync(entryPath(above, latin1(parts.at(-1) ?? ".")), { mode: 0o755 });
    return openDirectory(base, parts, how);
  }
}

const KINDS: Readonly<Record<string, readonly [ErrorKind, string]>> = {
  ENOENT: ["not-found", "does not exist"],
  ENOTDIR: ["failed-precondition", "is not a directory, or something above it is none"],
  EXDEV: ["permission-denied", "leads out of where it belongs"],
  ELOOP: ["permission-denied", "leads through a link that it must not"],
  EROFS: ["failed-precondition", "is on a read-only file system"],
  EEXIST: ["already-exists", "exists and is of another kind"],
  EISDIR: ["already-exists", "is a directory"],
  ENOSPC: ["resource-exhausted", "has no room left"],
  EDQUOT: ["resource-exhausted", "has no room left"],
  EMLINK: ["resource-exhausted", "has as many links as it can have"],
  EFBIG: ["resource-exhausted", "is larger than it can be there"],
  EMFILE: ["resource-exhausted", "cannot be opened beside what is open"],
  ENFILE: ["resource-exhausted", "cannot be opened beside what is open"],
  ENAMETOOLONG: ["invalid-argument", "has a name that is too long"],
  EINVAL: ["invalid-argument", "has a name or an attribute that cannot be"],
  ERANGE: ["invalid-argument", "has an attribute with a name that is too long"],
  E2BIG: ["invalid-argument", "has an attribute that is too long"],
  EPERM: ["permission-denied", "is not ours to change"],
  EACCES: ["permission-denied", "is not ours to change"],
};

/** A system call's failure about `path`, in words. */
export function fileError(path: string, thrown: unknown): ShimError {
  if (thrown instanceof ShimError) return thrown;
  const code = errorCode(thrown) ?? String(thrown);
  const [kind, words] = KINDS[code] ?? ["internal", "cannot be used"];
  return new ShimError(kind, `${JSON.stringify(path)} ${words} (${code})`, { cause: thrown });
}
