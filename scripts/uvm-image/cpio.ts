/** The "newc" cpio format of an initramfs (kernel: Documentation/driver-api/early-userspace/buffer-format.rst). */

export type CpioEntry =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly data: Uint8Array }
  | {
      readonly kind: "character-device";
      readonly path: string;
      readonly mode: number;
      readonly device: [number, number];
    };

const types = { directory: 0o040000, file: 0o100000, "character-device": 0o020000 } as const;

/**
 * All of root's, at time 0, numbered by position: the same entries are the same bytes. Paths have no slash at the front;
 * the kernel wants parents before their children and does not sort.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = [];
  entries.forEach((entry, index) => {
    const data = entry.kind === "file" ? Buffer.from(entry.data) : Buffer.alloc(0);
    const [major, minor] = entry.kind === "character-device" ? entry.device : [0, 0];
    parts.push(...member(entry.path, index + 1, types[entry.kind] | entry.mode, data, major, minor));
  });
  parts.push(...member("TRAILER!!!", 0, 0, Buffer.alloc(0), 0, 0));
  return Buffer.concat(parts);
}

function member(path: string, inode: number, mode: number, data: Buffer, major: number, minor: number): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const links = mode >> 12 === 4 ? 2 : 1;
  // magic; ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, major, minor, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return [padded(Buffer.concat([Buffer.from(header), name])), padded(data)];
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
