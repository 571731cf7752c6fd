import { invalidArgument } from "../errors/shim-error.ts";
import { parseJson, stringifyJson } from "../oci/json.ts";

/**
 * How one value crosses the wire: checked on the way in (the text comes from the other machine), written as Go's
 * encoding/json does on the way out. `Init` is what a sender gives; absent members of records count as zero there.
 */
export interface Codec<T, Init = T> {
  /** What an absent or null member reads as: Go's zero value. */
  readonly zero: T;
  /** `at` names the member in errors, as "WaitForProcess.ProcessId". Throws invalid-argument. */
  decode(value: unknown, at: string): T;
  encode(value: Init): unknown;
  /** Whether `omitempty` leaves it out. */
  isEmpty(value: Init): boolean;
}

export type TypeOf<C> = C extends Codec<infer T, infer _> ? T : never;
export type InitOf<C> = C extends Codec<infer _, infer Init> ? Init : never;

function mismatch(at: string, wanted: string, value: unknown): Error {
  const got = Array.isArray(value) ? "an array" : value === null ? "null" : typeof value;
  const shown = typeof value === "number" || typeof value === "bigint" ? ` ${value}` : "";
  return invalidArgument(`${at} is ${got}${shown}; wanted ${wanted}`);
}

export const text: Codec<string> = {
  zero: "",
  decode(value, at) {
    if (typeof value !== "string") throw mismatch(at, "a string", value);
    return value;
  },
  encode: (value) => value,
  isEmpty: (value) => value === "",
};

export const bool: Codec<boolean> = {
  zero: false,
  decode(value, at) {
    if (typeof value !== "boolean") throw mismatch(at, "true or false", value);
    return value;
  },
  encode: (value) => value,
  isEmpty: (value) => !value,
};

function integer(name: string, min: number, max: number): Codec<number> {
  return {
    zero: 0,
    decode(value, at) {
      if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
        throw mismatch(at, name, value);
      }
      return value;
    },
    encode(value) {
      // A value that Go's reader would refuse must not leave: the other end would blame the whole message.
      if (!Number.isInteger(value) || value < min || value > max) throw mismatch("a value to send", name, value);
      return value;
    },
    isEmpty: (value) => value === 0,
  };
}

export const u8 = integer("an unsigned 8-bit integer", 0, 0xff);
export const u16 = integer("an unsigned 16-bit integer", 0, 0xffff);
export const u32 = integer("an unsigned 32-bit integer", 0, 0xffff_ffff);
export const i32 = integer("a signed 32-bit integer", -0x8000_0000, 0x7fff_ffff);

export const u64: Codec<bigint> = {
  zero: 0n,
  decode(value, at) {
    const wide = typeof value === "number" && Number.isInteger(value) ? BigInt(value) : value;
    if (typeof wide !== "bigint" || wide < 0n || wide > 0xffff_ffff_ffff_ffffn) {
      throw mismatch(at, "an unsigned 64-bit integer", value);
    }
    return wide;
  },
  encode: (value) => value,
  isEmpty: (value) => value === 0n,
};

/** One of a closed set of strings; anything else is an error, absence reads as `zero`. */
export function oneOf<const S extends string>(values: readonly S[], zero: S): Codec<S> {
  return {
    zero,
    decode(value, at) {
      const found = values.find((known) => known === value);
      if (found === undefined) {
        if (typeof value !== "string") throw mismatch(at, `one of ${values.join(", ")}`, value);
        throw invalidArgument(`${at} is ${JSON.stringify(value)}; wanted one of ${values.join(", ")}`);
      }
      return found;
    },
    encode: (value) => value,
    isEmpty: () => false,
  };
}

export function list<T, Init>(item: Codec<T, Init>): Codec<readonly T[], readonly Init[]> {
  return {
    zero: [],
    decode(value, at) {
      if (!Array.isArray(value)) throw mismatch(at, "an array", value);
      return value.map((entry, i) => decodeOrZero(item, entry, `${at}[${i}]`));
    },
    encode: (value) => value.map((entry) => item.encode(entry)),
    isEmpty: (value) => value.length === 0,
  };
}

export const textMap: Codec<Readonly<Record<string, string>>> = {
  zero: {},
  decode(value, at) {
    const members = asObject(value, at);
    return Object.fromEntries(
      Object.entries(members).map(([name, member]) => [name, decodeOrZero(text, member, `${at}.${name}`)]),
    );
  },
  encode: (value) => value,
  isEmpty: (value) => Object.keys(value).length === 0,
};

/** Go's pointer: absent is undefined; present is written even when it is zero. */
export function optional<T, Init>(codec: Codec<T, Init>): Codec<T | undefined, Init | undefined> {
  return {
    zero: undefined,
    decode: (value, at) => codec.decode(value, at),
    encode: (value) => (value === undefined ? null : codec.encode(value)),
    isEmpty: (value) => value === undefined,
  };
}

/** Any JSON, unchecked: whoever takes it out checks it. */
export const anyJson: Codec<unknown> = {
  zero: undefined,
  decode: (value) => value,
  encode: (value) => value ?? null,
  isEmpty: (value) => value === undefined || value === null,
};

/** Any JSON object, its members unchecked. */
export const anyObject: Codec<Readonly<Record<string, unknown>>, object> = {
  zero: {},
  decode: asObject,
  encode: (value) => value,
  isEmpty: () => false,
};

/** JSON inside a JSON string. An absent or empty string reads as the inner zero. */
export function jsonText<T, Init>(inner: Codec<T, Init>): Codec<T, Init> {
  return {
    zero: inner.zero,
    decode(value, at) {
      const source = text.decode(value, at);
      return source === "" ? inner.zero : decodeOrZero(inner, parseAt(source, at), at);
    },
    encode: (value) => stringifyJson(inner.encode(value)),
    isEmpty: () => false,
  };
}

export function decodeOrZero<T, Init>(codec: Codec<T, Init>, value: unknown, at: string): T {
  return value === undefined || value === null ? codec.zero : codec.decode(value, at);
}

export function asObject(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw mismatch(at, "an object", value);
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses JSON; the error names where it stood. Throws invalid-argument. */
export function parseAt(source: string, at: string): unknown {
  try {
    return parseJson(source);
  } catch (error) {
    throw invalidArgument(`${at} is not JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
