/**
 * tar as POSIX.1-2001 has it (ustar and pax), and what GNU tar writes beside it: long names and large numbers. Names are
 * bytes, held as latin1 strings; nothing of an archive is kept in memory but one entry's header.
 */
import { invalidArgument, unimplemented } from "../../errors/shim-error.ts";

export const BLOCK = 512;

export type EntryType = "file" | "link" | "symlink" | "char" | "block" | "directory" | "fifo";
const TYPES: readonly EntryType[] = ["file", "link", "symlink", "char", "block", "directory", "fifo"];

export interface TarEntry {
  readonly name: string;
  readonly type: EntryType;
  /** The permission bits, setuid and the like included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content that follow; 0 for all but files. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly linkName: string;
  readonly device: { readonly major: number; readonly minor: number };
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** Of the attributes in a pax header. */
const XATTR = "SCHILY.xattr.";

/** What every file system and runtime can be told, some time in 2242. */
const LAST_SECOND = 2 ** 33;

export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** The header of an entry, preceded by a pax header where the old one has no room for it. */
export function encodeHeader(entry: TarEntry): Buffer {
  const { name, linkName, size, uid, gid, xattrs } = entry;
  const records: [string, string][] = [];
  if (name.length > 100 || notAscii(name)) records.push(["path", name]);
  if (linkName.length > 100 || notAscii(linkName)) records.push(["linkpath", linkName]);
  if (size >= 8 ** 11) records.push(["size", `${size}`]);
  for (const [key, value] of [
    ["uid", uid],
    ["gid", gid],
  ] as const) {
    if (value >= 8 ** 7) records.push([key, `${value}`]);
  }
  for (const [key, value] of xattrs) records.push([XATTR + key, Buffer.from(value).toString("latin1")]);
  const own = block(entry, TYPES.indexOf(entry.type));
  if (records.length === 0) return own;
  const body = Buffer.from(records.map(([key, value]) => paxRecord(key, value)).join(""), "latin1");
  const plain = { ...entry, name: `PaxHeaders/${name.slice(-80)}`, linkName: "", size: body.length };
  return Buffer.concat([block(plain, "x"), body, Buffer.alloc(paddingOf(body.length)), own]);
}

function notAscii(text: string): boolean {
  return /[^\x20-\x7e]/.test(text);
}

/** Its length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
  return `${length}${rest}`;
}

function block(entry: TarEntry, type: number | "x"): Buffer {
  const bytes = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number): void => {
    const most = 8 ** (width - 1);
    bytes.write(
      `${Math.max(0, value >= most ? 0 : Math.floor(value))
        .toString(8)
        .padStart(width - 1, "0")}\0`,
      at,
      "latin1",
    );
  };
  bytes.write(entry.name.slice(0, 100), 0, "latin1");
  octal(entry.mode, 100, 8);
  octal(entry.uid, 108, 8);
  octal(entry.gid, 116, 8);
  octal(entry.size, 124, 12);
  octal(entry.mtime, 136, 12);
  bytes.write(`${type}`, 156, "latin1");
  bytes.write(entry.linkName.slice(0, 100), 157, "latin1");
  bytes.write("ustar\x0000", 257, "latin1");
  octal(entry.device.major, 329, 8);
  octal(entry.device.minor, 337, 8);
  bytes.write(`${checksum(bytes).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

/** The sum of all bytes, with the sum itself as blanks. */
function checksum(bytes: Uint8Array): number {
  let sum = 8 * 0x20;
  for (const [at, byte] of bytes.entries()) if (at < 148 || at >= 156) sum += byte;
  return sum;
}

/** One header block as it stands: `flag` is its type in the archive, also one that only describes the next entry. */
export interface RawHeader extends Omit<TarEntry, "type"> {
  readonly flag: string;
}

/** Undefined for a block of zeros, which ends an archive. Throws invalid-argument. */
export function decodeHeader(bytes: Buffer): RawHeader | undefined {
  if (bytes.every((byte) => byte === 0)) return undefined;
  const number = (at: number, width: number): number => decodeNumber(bytes.subarray(at, at + width));
  if (number(148, 8) !== checksum(bytes)) throw invalidArgument("the archive has a header with a wrong checksum");
  const text = (at: number, width: number): string => {
    const field = bytes.toString("latin1", at, at + width);
    const end = field.indexOf("\0");
    return end < 0 ? field : field.slice(0, end);
  };
  const prefix = text(257, 6) === "ustar" ? text(345, 155) : "";
  const name = text(0, 100);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    flag: text(156, 1) || "0",
    mode: number(100, 8) & 0o7777,
    uid: number(108, 8),
    gid: number(116, 8),
    size: number(124, 12),
    mtime: number(136, 12),
    linkName: text(157, 100),
    device: { major: number(329, 8), minor: number(337, 8) },
    xattrs: new Map(),
  };
}

/** Octal text, or with its first bit set GNU's binary; negative ones (times before 1970) are 0. */
function decodeNumber(field: Buffer): number {
  const first = field[0] ?? 0;
  if (first >= 0x80) {
    if (first === 0xff) return 0;
    let value = BigInt(first & 0x7f);
    for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw invalidArgument("the archive has a number that is too large");
    return Number(value);
  }
  const text = field.toString("latin1").replaceAll("\0", " ").trim();
  if (!/^[0-7]*$/.test(text))
    throw invalidArgument(`the archive has ${JSON.stringify(text)} where an octal number is due`);
  return text === "" ? 0 : Number.parseInt(text, 8);
}

/** The records of a pax header. */
export function decodePax(body: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < body.length; ) {
    const blank = body.indexOf(0x20, at);
    const digits = blank < 0 ? "" : body.toString("latin1", at, blank);
    const end = at + Number(digits);
    if (!/^[1-9]\d{0,8}$/.test(digits) || end > body.length || end <= blank + 1 || body[end - 1] !== 0x0a) {
      throw invalidArgument("the archive has a pax header that is malformed");
    }
    const record = body.toString("latin1", blank + 1, end - 1);
    const equals = record.indexOf("=");
    if (equals < 1) throw invalidArgument("the archive has a pax record without a key");
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return records;
}

/** The entry that a header describes, together with what stood before it. */
export function entryOf(header: RawHeader, pax: ReadonlyMap<string, string>): TarEntry {
  const { flag, ...rest } = header;
  // "7" is a file that was contiguous; old tars write a directory as a file with a slash.
  const name = pax.get("path") ?? rest.name;
  const type = flag === "7" ? "file" : TYPES[flag === "0" && name.endsWith("/") ? 5 : "0123456".indexOf(flag)];
  if (type === undefined)
    throw unimplemented(`the archive has an entry of type ${JSON.stringify(flag)}; cannot unpack it`);
  const whole = (key: string, otherwise: number): number => {
    const text = pax.get(key);
    if (text === undefined) return otherwise;
    const value = Number(text);
    const isGood = key === "mtime" ? Number.isFinite(value) : Number.isSafeInteger(value) && value >= 0;
    if (text === "" || !isGood)
      throw invalidArgument(`the archive has the ${key} ${JSON.stringify(text.slice(0, 40))}`);
    return value;
  };
  const id = (key: "uid" | "gid"): number => {
    const value = whole(key, rest[key]);
    // The highest stands for "leave it".
    if (value >= 0xffff_ffff) throw invalidArgument(`the archive has the ${key} ${value}`);
    return value;
  };
  const xattrs = [...pax].filter(([key]) => key.startsWith(XATTR));
  return {
    ...rest,
    name,
    type,
    linkName: pax.get("linkpath") ?? rest.linkName,
    size: type === "file" ? whole("size", rest.size) : 0,
    uid: id("uid"),
    gid: id("gid"),
    mtime: Math.min(Math.max(0, whole("mtime", rest.mtime)), LAST_SECOND),
    xattrs: new Map(xattrs.map(([key, value]) => [key.slice(XATTR.length), Buffer.from(value, "latin1")])),
  };
}
