import { invalidArgument } from "../../../errors/shim-error.ts";

const GUID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i;

/** A GUID as it lies in memory: its first three parts are little-endian. Throws invalid-argument; `what` names it there. */
export function guidBytes(guid: string, what: string): Uint8Array {
  const parts = GUID.exec(guid)?.slice(1);
  if (parts === undefined) throw invalidArgument(`${what} ${JSON.stringify(guid)} is no GUID`);
  const bytes = parts.map((part) => Buffer.from(part, "hex"));
  for (const part of bytes.slice(0, 3)) part.reverse();
  return Buffer.concat(bytes);
}
