/** Text to values as Go's strconv reads it (base 10); undefined for what it refuses. */

const words = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
]);

export function parseBool(text: string): boolean | undefined {
  return words.get(text);
}

export function parseI32(text: string): number | undefined {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= -0x8000_0000 && value <= 0x7fff_ffff ? value : undefined;
}

export function parseI64(text: string): bigint | undefined {
  const value = /^[+-]?\d{1,30}$/.test(text) ? BigInt(text.replace(/^\+/, "")) : undefined;
  return value !== undefined && BigInt.asIntN(64, value) === value ? value : undefined;
}

export function parseU32(text: string): number | undefined {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value <= 0xffff_ffff ? value : undefined;
}

export function parseU64(text: string): bigint | undefined {
  const value = /^\d+$/.test(text) ? BigInt(text) : undefined;
  return value !== undefined && value <= 0xffff_ffff_ffff_ffffn ? value : undefined;
}

/** In lower case, as GUIDs are written in documents. */
export function parseGuid(text: string): string | undefined {
  return /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : undefined;
}

/** Standard base64 with its padding; line breaks are passed over. */
export function parseBase64(text: string): Uint8Array | undefined {
  const packed = text.replace(/[\r\n]/g, "");
  const whole = packed.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(packed);
  return whole ? Uint8Array.from(Buffer.from(packed, "base64")) : undefined;
}
