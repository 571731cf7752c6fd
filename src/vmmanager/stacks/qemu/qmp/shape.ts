import { ShimError } from "../../../../errors/shim-error.ts";

/**
 * Readers for what QEMU says. It is checked like anything from outside: a guest that broke into QEMU writes here. Each
 * takes the value and its name for errors ("query-status.running"), and throws data-loss for another shape.
 */
export type Reader<T> = (value: unknown, at: string) => T;

type Members = Readonly<Record<string, unknown>>;

function mismatch(value: unknown, at: string, wanted: string): ShimError {
  const got = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
  return new ShimError("data-loss", `QEMU's ${at} is ${got}, not ${wanted}; it does not speak QMP as expected`);
}

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const members: Reader<Members> = (value, at) => {
  if (!isMembers(value)) throw mismatch(value, at, "an object");
  return value;
};

export const text: Reader<string> = (value, at) => {
  if (typeof value !== "string") throw mismatch(value, at, "a text");
  return value;
};

export const flag: Reader<boolean> = (value, at) => {
  if (typeof value !== "boolean") throw mismatch(value, at, "true or false");
  return value;
};

/** A small number: an index, a pid, milliseconds. */
export const integer: Reader<number> = (value, at) => {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw mismatch(value, at, "an integer");
  return value;
};

/** A size or a counter: u64 on the wire. */
export const wide: Reader<bigint> = (value, at) => {
  const big = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof big !== "bigint" || big < 0n || big > 0xffff_ffff_ffff_ffffn) {
    throw mismatch(value, at, "an unsigned 64-bit integer");
  }
  return big;
};

export const anything: Reader<unknown> = (value) => value;

/** What a command answers that has nothing to say: an object without members that matter. */
export const nothing: Reader<void> = (value, at) => {
  members(value, at);
};

export function listOf<T>(reader: Reader<T>): Reader<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw mismatch(value, at, "a list");
    return value.map((each, i) => reader(each, `${at}[${i}]`));
  };
}

export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value, at) => (value === undefined ? undefined : reader(value, at));
}

/** An object: our names to the wire's names and readers. What else it has is ignored: QEMU's answers grow. */
export function object<T extends Readonly<Record<string, readonly [string, Reader<unknown>]>>>(
  shape: T,
): Reader<{ readonly [K in keyof T]: ReturnType<T[K][1]> }> {
  return (value, at) => {
    const given = members(value, at);
    const read = Object.entries(shape).map(([name, [wireName, reader]]) => {
      return [name, reader(given[wireName], `${at}.${wireName}`)] as const;
    });
    return Object.fromEntries(read) as { readonly [K in keyof T]: ReturnType<T[K][1]> };
  };
}
