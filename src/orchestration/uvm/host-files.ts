import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { notFound } from "../../errors/shim-error.ts";
import { openTap } from "../../sys/tap.ts";
import type { UvmFiles } from "./ports.ts";

/** Superblocks that the guest's kernel mounts: their magic numbers, little-endian as on the disk. */
const superblocks: readonly { readonly name: string; readonly at: number; readonly magic: readonly number[] }[] = [
  // ext2, ext3 and ext4 share it; the driver of ext4 mounts them all.
  { name: "ext4", at: 0x438, magic: [0x53, 0xef] },
  { name: "xfs", at: 0, magic: [0x58, 0x46, 0x53, 0x42] },
  { name: "erofs", at: 0x400, magic: [0xe2, 0xe1, 0xf5, 0xe0] },
];
const HEAD_BYTES = 4096;

export const hostUvmFiles: UvmFiles = {
  async fileSystemOf(path) {
    return withFile(path, async (file) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      const head = buffer.subarray(0, bytesRead);
      return superblocks.find(({ at, magic }) => magic.every((byte, i) => head[at + i] === byte))?.name;
    });
  },
  async fingerprint(path) {
    return withFile(path, async (file) => {
      const { size, mtimeNs, ino } = await file.stat({ bigint: true });
      return `${ino}:${size}:${mtimeNs}`;
    });
  },
  openTap,
};

async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle;
  try {
    // Without waiting: a FIFO would hold us.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw notFound(`disk ${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
