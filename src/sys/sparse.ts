import { cLibrary } from "./c-library.ts";
import { SysError } from "./sys-error.ts";

const libc = cLibrary({ lseek: ["i64", "int", "i64", "int"] } as const);

const SEEK_END = 2;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const ENXIO = 6;
const EINVAL = 22;

/** Bytes of a file or a block device. */
export function sizeOf(fd: number): number {
  return seek(fd, 0, SEEK_END) ?? 0;
}

/**
 * The next stretch at or after the offset that is no hole; undefined where only a hole is left. What knows of no holes
 * (a block device) is all data.
 */
export function nextData(fd: number, offset: number, size: number): { from: number; to: number } | undefined {
  if (offset >= size) return undefined;
  try {
    const from = seek(fd, offset, SEEK_DATA);
    return from === undefined ? undefined : { from, to: seek(fd, from, SEEK_HOLE) ?? size };
  } catch (error) {
    if (error instanceof SysError && error.errno === EINVAL) return { from: offset, to: size };
    throw error;
  }
}

function seek(fd: number, offset: number, whence: number): number | undefined {
  const { value, errno } = libc().lseek(fd, offset, whence);
  if (value !== -1) return Number(value);
  if (errno === ENXIO) return undefined;
  throw new SysError(errno, "lseek");
}
