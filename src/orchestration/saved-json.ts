import { ShimError } from "../errors/shim-error.ts";

/** Readers for our own saved documents: each throws data-loss that names the member. */
export function broken(member: string, what: string): ShimError {
  return new ShimError("data-loss", `the saved state is damaged: ${member} ${what}; save the pod again`);
}

export function record(value: unknown, member: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw broken(member, "is no object");
  return Object.fromEntries(Object.entries(value));
}

export function list<T>(value: unknown, member: string, read: (entry: unknown, member: string) => T): T[] {
  if (!Array.isArray(value)) throw broken(member, "is no list");
  return value.map((entry, index) => read(entry, `${member}[${index}]`));
}

export function text(value: unknown, member: string): string {
  if (typeof value !== "string") throw broken(member, "is no text");
  return value;
}

export function count(value: unknown, member: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw broken(member, "is no count");
  return value;
}

export function flag(value: unknown, member: string): boolean {
  if (typeof value !== "boolean") throw broken(member, "is neither true nor false");
  return value;
}

export function oneOf<const T extends string>(value: unknown, member: string, names: readonly T[]): T {
  const found = names.find((name) => name === value);
  if (found === undefined) throw broken(member, `is none of ${names.join(", ")}`);
  return found;
}

/** Undefined for a member that is not there. */
export function maybe<T>(value: unknown, member: string, read: (value: unknown, member: string) => T): T | undefined {
  return value === undefined ? undefined : read(value, member);
}
