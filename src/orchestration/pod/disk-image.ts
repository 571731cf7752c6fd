import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { failedPrecondition, ShimError } from "../../errors/shim-error.ts";
import { nextData, sizeOf } from "../../sys/sparse.ts";

/**
 * What is in a disk, without its holes and zeros: containerd packs a checkpoint with a tar that knows no holes. The pieces
 * stand one after the other in the file, in their order.
 */
export interface DiskImage {
  /** Of the whole disk. */
  readonly bytes: number;
  readonly pieces: readonly { readonly offset: number; readonly length: number }[];
}

const BLOCK = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK);

/** Writes a disk's content to a new file. */
export async function packDisk(diskPath: string, filePath: string, signal: AbortSignal): Promise<DiskImage> {
  return withFile(diskPath, constants.O_RDONLY, (disk) =>
    withFile(filePath, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, (file) => pack(disk, file, signal)),
  );
}

async function pack(disk: FileHandle, file: FileHandle, signal: AbortSignal): Promise<DiskImage> {
  const bytes = sizeOf(disk.fd);
  const pieces: { offset: number; length: number }[] = [];
  const block = Buffer.alloc(BLOCK);
  let written = 0;
  for await (const { offset, length } of blocks(disk, bytes, signal)) {
    const content = block.subarray(0, await readFully(disk, block.subarray(0, length), offset));
    if (content.equals(ZEROS.subarray(0, content.length))) continue;
    await writeFully(file, content, written);
    written += content.length;
    const last = pieces.at(-1);
    if (last !== undefined && last.offset + last.length === offset) last.length += content.length;
    else pieces.push({ offset, length: content.length });
  }
  await file.sync();
  return { bytes, pieces };
}

/** Throws data-loss for a file that is not of this image, failed-precondition for a disk of another size. Changes nothing. */
export async function checkImage(image: DiskImage, filePath: string, diskPath: string): Promise<void> {
  let [end, length] = [0, 0];
  for (const piece of image.pieces) {
    if (piece.offset < end || piece.length < 1) throw damaged(filePath, "its pieces overlap");
    end = piece.offset + piece.length;
    length += piece.length;
  }
  if (end > image.bytes) throw damaged(filePath, "a piece of it lies beyond its disk's end");
  const size = await withFile(filePath, constants.O_RDONLY, async ({ fd }) => sizeOf(fd));
  if (size !== length) throw damaged(filePath, `it has ${size} bytes, ${length} were written`);
  const there = await withFile(diskPath, constants.O_RDWR, async ({ fd }) => sizeOf(fd));
  if (there === image.bytes) return;
  throw failedPrecondition(
    `disk ${diskPath} has ${there} bytes, the checkpoint's has ${image.bytes}; cannot restore it there: use a snapshotter that makes disks of that size`,
  );
}

/** Gives a disk the image's content, and no other. What it throws midway leaves the disk with parts of both. */
export async function unpackDisk(
  image: DiskImage,
  filePath: string,
  diskPath: string,
  signal: AbortSignal,
): Promise<void> {
  await withFile(diskPath, constants.O_RDWR, (disk) =>
    withFile(filePath, constants.O_RDONLY, (file) => unpack(image, file, disk, signal)),
  );
}

async function unpack(image: DiskImage, file: FileHandle, disk: FileHandle, signal: AbortSignal): Promise<void> {
  await clear(disk, image.bytes, signal);
  const block = Buffer.alloc(BLOCK);
  let from = 0;
  for (const { offset, length } of image.pieces) {
    for (let done = 0; done < length; ) {
      signal.throwIfAborted();
      const want = Math.min(BLOCK, length - done);
      const count = await readFully(file, block.subarray(0, want), from);
      if (count < want) throw damaged("a disk's file", "it has become shorter");
      await writeFully(disk, block.subarray(0, count), offset + done);
      done += count;
      from += count;
    }
  }
}

async function clear(disk: FileHandle, bytes: number, signal: AbortSignal): Promise<void> {
  if ((await disk.stat()).isFile()) {
    await disk.truncate(0);
    return disk.truncate(bytes);
  }
  const block = Buffer.alloc(BLOCK);
  for await (const { offset, length } of blocks(disk, bytes, signal)) {
    const count = await readFully(disk, block.subarray(0, length), offset);
    const zeros = ZEROS.subarray(0, count);
    if (!block.subarray(0, count).equals(zeros)) await writeFully(disk, zeros, offset);
  }
}

/** Those that may hold something. */
async function* blocks(disk: FileHandle, bytes: number, signal: AbortSignal) {
  for (let data = nextData(disk.fd, 0, bytes); data !== undefined; data = nextData(disk.fd, data.to, bytes)) {
    for (let offset = data.from; offset < data.to; offset += BLOCK) {
      signal.throwIfAborted();
      yield { offset, length: Math.min(BLOCK, data.to - offset) };
    }
  }
}

async function withFile<T>(path: string, flags: number, use: (file: FileHandle) => Promise<T>): Promise<T> {
  // Without waiting: a FIFO would hold a thread.
  const file = await open(path, flags | constants.O_NONBLOCK, 0o600);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function readFully(file: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

async function writeFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

function damaged(path: string, why: string): Error {
  return new ShimError("data-loss", `the saved state is damaged: ${path}: ${why}; save the pod again`);
}
