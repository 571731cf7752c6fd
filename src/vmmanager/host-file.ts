import { constants, fstatSync } from "node:fs";
import { failedPrecondition, invalidArgument, notFound, ShimError } from "../errors/shim-error.ts";
import { close, open } from "../sys/libc.ts";
import { errorCode } from "../sys/sys-error.ts";

export interface HostFile {
  /** Of whoever opened it. */
  readonly fd: number;
  readonly isBlockDevice: boolean;
  /** Bytes; 0 for a block device. */
  readonly size: number;
  readonly mode: number;
}

/** Opens a raw image or a block device for a VM. Throws not-found, invalid-argument for anything else, failed-precondition. */
export function openHostFile(path: string, readOnly: boolean): HostFile {
  const fd = openPath(path, readOnly);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() && !stat.isBlockDevice()) {
      throw invalidArgument(`${path} is neither a file nor a block device; cannot attach it to a VM`);
    }
    // Root may write to it all the same: that is not what its owner meant.
    if (!readOnly && (stat.mode & 0o222) === 0) throw notWritable(path);
    return { fd, isBlockDevice: stat.isBlockDevice(), size: stat.size, mode: stat.mode };
  } catch (error) {
    close(fd);
    throw error;
  }
}

function openPath(path: string, readOnly: boolean): number {
  try {
    // Without waiting: a FIFO would hold the whole process.
    return open(path, (readOnly ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NONBLOCK);
  } catch (error) {
    switch (errorCode(error)) {
      case "ENOENT":
      case "ENOTDIR":
        throw notFound(`${path} does not exist; cannot attach it to a VM`, error);
      case "EISDIR":
      case "ENXIO":
        throw invalidArgument(`${path} is neither a file nor a block device; cannot attach it to a VM`, error);
      case "EROFS":
      case "EACCES":
      case "EPERM":
        throw notWritable(path, error);
      default:
        throw ShimError.from(error, "internal");
    }
  }
}

function notWritable(path: string, cause?: unknown): ShimError {
  return failedPrecondition(`${path} is read-only; cannot attach it to a VM as writable: attach it read-only`, cause);
}
