import { invalidArgument, unimplemented } from "../../errors/shim-error.ts";

/**
 * VMDK images (VMware's "Virtual Disk Format 5.0"): either one sparse file, or a text, the descriptor, that names the files
 * (extents) of which the disk consists. QEMU may open no file of this host by its name, so the descriptor is read here and
 * written anew with names of what was opened for it.
 */
export interface VmdkExtent {
  readonly access: "RW" | "RDONLY";
  /** Of 512 bytes. */
  readonly sectors: number;
  readonly type: "FLAT" | "SPARSE";
  /** As the descriptor has it: beside the descriptor unless it is absolute. */
  readonly file: string;
  /** FLAT: where it begins in the file, in sectors. */
  readonly offset: number;
}

export type Vmdk =
  /** One file that is all of the disk. `isCompressed`: it can be read only. */
  | { readonly kind: "sparse"; readonly isCompressed: boolean }
  | { readonly kind: "descriptor"; readonly extents: readonly VmdkExtent[] };

/** How much of a file `readVmdk` has to see: a descriptor whole, and no more than QEMU reads of one. */
export const MAX_DESCRIPTOR = 1024 * 1024 - 1;

const SPARSE_MAGIC = "KDMV";
const FLAG_COMPRESSED = 1 << 16;
const EXTENT = /^(RW|RDONLY|NOACCESS)\s+(\d+)\s+([A-Z]+)(?:\s+"([^"]*)"(?:\s+(\d+))?)?\s*$/;
const SECTOR = 512;

/** From the beginning of the file. Throws invalid-argument for what is no VMDK, unimplemented for one that can't be attached. */
export function readVmdk(path: string, bytes: Uint8Array): Vmdk {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (start.subarray(0, 4).toString("latin1") === SPARSE_MAGIC && start.length >= 44) {
    const at = Number(start.readBigUInt64LE(28)) * SECTOR;
    const end = at + Number(start.readBigUInt64LE(36)) * SECTOR;
    if (at > 0) checkParent(path, start.subarray(at, end).toString("latin1"));
    return { kind: "sparse", isCompressed: (start.readUInt32LE(8) & FLAG_COMPRESSED) !== 0 };
  }
  const text = start.toString("utf8");
  if (!/^# *Disk DescriptorFile/i.test(text)) {
    throw invalidArgument(`${path} is no VMDK image and no descriptor of one; cannot attach it as such`);
  }
  checkParent(path, text);
  const extents = text.split("\n").flatMap((line) => readExtent(path, line.trim()));
  if (extents.length === 0)
    throw invalidArgument(`${path} names no extent; cannot attach it: it is no whole descriptor`);
  return { kind: "descriptor", extents };
}

function readExtent(path: string, line: string): VmdkExtent[] {
  if (!/^(RW|RDONLY|NOACCESS)\s/.test(line)) return [];
  const [, access, sectors, type, file, offset = "0"] = EXTENT.exec(line) ?? [];
  const broken = (why: string): Error => unimplemented(`${path} has an extent that ${why} (${line}); cannot attach it`);
  if (access === undefined)
    throw invalidArgument(`${path} has the line "${line}", which is no extent; cannot attach it`);
  if (access !== "RW" && access !== "RDONLY") throw broken("nobody may read");
  if (type !== "FLAT" && type !== "SPARSE") throw broken(`is of type ${type}, not FLAT or SPARSE`);
  if (file === undefined || file === "")
    throw invalidArgument(`${path} has an extent without a file; cannot attach it`);
  const count = Number(sectors);
  const from = Number(offset);
  if (count < 1 || !Number.isSafeInteger(count * SECTOR) || !Number.isSafeInteger(from * SECTOR)) {
    throw invalidArgument(`${path} has an extent of no possible size (${line}); cannot attach it`);
  }
  return [{ access, sectors: count, type, file, offset: from }];
}

/** A disk that is only what differs from another would have QEMU look for that one. */
function checkParent(path: string, descriptor: string): void {
  const parent = /^\s*parentCID\s*=\s*([0-9a-f]+)/im.exec(descriptor)?.[1];
  if (parent === undefined || /^f{8}$/i.test(parent)) return;
  throw unimplemented(`${path} is the difference to another image; cannot attach it: make one whole image of both`);
}

/**
 * A descriptor of the same disk with these names for its extents' files, in their order. QEMU passes over extents that
 * are not "RW": whether the disk may be written is said with the disk.
 */
export function describeExtents(extents: readonly VmdkExtent[], files: readonly string[]): string {
  const isFlat = extents.every(({ type }) => type === "FLAT");
  const lines = extents.map(({ sectors, type, offset }, i) => {
    return `RW ${sectors} ${type} "${files[i]}"${type === "FLAT" ? ` ${offset}` : ""}`;
  });
  return [
    "# Disk DescriptorFile",
    ...["version=1", "CID=00000001", "parentCID=ffffffff"],
    `createType="${isFlat ? "twoGbMaxExtentFlat" : "twoGbMaxExtentSparse"}"`,
    ...["", "# Extent description", ...lines, ""],
    ...["# The Disk Data Base", 'ddb.adapterType = "ide"', ""],
  ].join("\n");
}
