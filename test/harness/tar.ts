/** One entry of a tar archive; a directory's name ends with "/". */
export interface TarEntry {
  readonly name: string;
  readonly mode?: number;
  readonly data?: Uint8Array;
  /** Target of a symbolic link. */
  readonly link?: string;
}

const blockSize = 512;

/** A POSIX ustar archive. All belongs to root, and all times are 0, so that equal entries give equal bytes. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks: Uint8Array[] = [];
  for (const entry of entries) {
    const data = entry.data ?? new Uint8Array();
    blocks.push(header(entry, data.length), data, Buffer.alloc(-data.length & (blockSize - 1)));
  }
  blocks.push(Buffer.alloc(2 * blockSize));
  return Buffer.concat(blocks);
}

function header(entry: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(blockSize);
  const isDirectory = entry.name.endsWith("/");
  const type = isDirectory ? "5" : entry.link === undefined ? "0" : "2";
  const octal = (value: number, offset: number, length: number): void => {
    block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset, "latin1");
  };
  if (Buffer.byteLength(entry.name) > 100) throw new Error(`tar: name over 100 bytes: ${entry.name}`);
  block.write(entry.name, 0);
  octal(entry.mode ?? (isDirectory ? 0o755 : 0o644), 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write(type, 156);
  block.write(entry.link ?? "", 157);
  block.write("ustar\x0000", 257, "latin1");
  block.write("        ", 148);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
