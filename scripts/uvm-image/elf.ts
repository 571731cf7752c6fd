/** As much of ELF (64 bit, little endian; System V ABI) as it takes to know what a program and a module need. */

interface Section {
  readonly name: string;
  readonly bytes: Buffer;
}

const DT_NEEDED = 1n;
const PT_INTERP = 3;

/** Undefined where the file is no ELF at all. Throws for an ELF of another class. */
export function readElf(file: Buffer): Elf | undefined {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46) return undefined;
  if (file[4] !== 2 || file[5] !== 1) throw new Error("not a 64-bit little-endian ELF file");
  return new Elf(file);
}

export class Elf {
  readonly #file: Buffer;
  constructor(file: Buffer) {
    this.#file = file;
  }

  /** Names of the shared libraries, in the linker's order. */
  get needed(): string[] {
    const dynamic = this.#section(".dynamic");
    const strings = this.#section(".dynstr");
    if (dynamic === undefined || strings === undefined) return [];
    const names: string[] = [];
    for (let at = 0; at + 16 <= dynamic.length; at += 16) {
      if (dynamic.readBigUInt64LE(at) !== DT_NEEDED) continue;
      names.push(cString(strings, Number(dynamic.readBigUInt64LE(at + 8))));
    }
    return names;
  }

  /** The loader's path; undefined for libraries and static programs. */
  get interpreter(): string | undefined {
    const start = Number(this.#file.readBigUInt64LE(0x20));
    const [size, count] = [this.#file.readUInt16LE(0x36), this.#file.readUInt16LE(0x38)];
    for (let at = start; at < start + size * count; at += size) {
      if (this.#file.readUInt32LE(at) === PT_INTERP)
        return cString(this.#file, Number(this.#file.readBigUInt64LE(at + 8)));
    }
    return undefined;
  }

  /** `key=value` of a kernel module, in order. */
  get moduleInfo(): [key: string, value: string][] {
    const info = this.#section(".modinfo")?.toString("latin1") ?? "";
    return info.split("\0").flatMap((entry): [string, string][] => {
      const at = entry.indexOf("=");
      return at < 0 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]];
    });
  }

  #section(name: string): Buffer | undefined {
    return this.#sections().find((section) => section.name === name)?.bytes;
  }

  #sections(): Section[] {
    const file = this.#file;
    const start = Number(file.readBigUInt64LE(0x28));
    const [size, count, namesAt] = [file.readUInt16LE(0x3a), file.readUInt16LE(0x3c), file.readUInt16LE(0x3e)];
    const bytesOf = (index: number): Buffer => {
      const at = start + index * size;
      const offset = Number(file.readBigUInt64LE(at + 24));
      return file.subarray(offset, offset + Number(file.readBigUInt64LE(at + 32)));
    };
    if (count === 0) return [];
    const names = bytesOf(namesAt);
    return Array.from({ length: count }, (_, index) => ({
      name: cString(names, file.readUInt32LE(start + index * size)),
      bytes: bytesOf(index),
    }));
  }
}

function cString(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", at, bytes.indexOf(0, at));
}
