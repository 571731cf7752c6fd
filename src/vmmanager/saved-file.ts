import { constants, fstatSync, lstatSync, readFileSync, type Stats } from "node:fs";
import { failedPrecondition, ShimError } from "../errors/shim-error.ts";
import { close, open } from "../sys/libc.ts";

/** More than the guest channel holds at most, many times over. */
const MAX_DOCUMENT = 64 * 1024 * 1024;

/**
 * Opens a file of a saved state. Who writes there names the host's files that the VM gets: throws failed-precondition
 * where that may be somebody else than us or root, data-loss for what is no file.
 */
export function openSaved(directory: string, path: string): number {
  refuseForeign(directory, lstatSync(directory));
  // Without waiting: a FIFO would hold the whole process.
  const fd = open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new ShimError("data-loss", `${path} is no file; cannot restore a VM from it`);
    refuseForeign(path, stat);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

export function readSaved(directory: string, path: string): string {
  const fd = openSaved(directory, path);
  try {
    const { size } = fstatSync(fd);
    if (size > MAX_DOCUMENT) {
      throw new ShimError(
        "data-loss",
        `${path} has ${size} bytes; cannot restore a VM from it: no save writes so much`,
      );
    }
    return readFileSync(fd, "utf8");
  } finally {
    close(fd);
  }
}

function refuseForeign(path: string, { uid, mode }: Stats): void {
  if ((uid === 0 || uid === process.geteuid?.()) && (mode & 0o022) === 0) return;
  const octal = (mode & 0o7777).toString(8);
  throw failedPrecondition(
    `${path} (mode ${octal}, user ${uid}) may be written by others; cannot restore a VM from it: chown it to root, chmod go-w`,
  );
}
