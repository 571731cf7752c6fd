import { readFileSync } from "node:fs";
import { missingFile } from "./missing-file.ts";

/** A count as `oci/json` would have parsed it: a bigint only where a double can't hold it. */
export type Count = number | bigint;

/** "max" as containerd's v2 Metrics have it. */
export const UNLIMITED: Count = 18446744073709551615n;

export function count(text: string): Count {
  // Most are short, and a bigint of each would be half the work of a measurement.
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const value = BigInt(text.trim());
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

export function multiply(value: Count | undefined, factor: number): Count {
  if (value === undefined) return 0;
  const product = Number(value) * factor;
  return Number.isSafeInteger(product) ? product : BigInt(value) * BigInt(factor);
}

/** The text of a cgroup file; undefined where the kernel or the controller set has no such file. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // EOPNOTSUPP: there, but switched off (memory.kmem on newer kernels, hugetlb on some).
    if (missingFile(error) || (error instanceof Error && "code" in error && error.code === "EOPNOTSUPP"))
      return undefined;
    throw error;
  }
}

/** One number; `max` where the file says "max". Undefined for a missing file. */
export function readCount(path: string, max: Count = UNLIMITED): Count | undefined {
  const text = readText(path)?.trim();
  if (text === undefined || text === "") return undefined;
  return text === "max" ? max : count(text);
}

/** "key value" lines; empty for a missing file. */
export function readFlatKeyed(path: string): ReadonlyMap<string, Count> {
  const values = new Map<string, Count>();
  for (const line of (readText(path) ?? "").split("\n")) {
    const space = line.indexOf(" ");
    const value = line.slice(space + 1);
    if (space > 0 && /^\d+$/.test(value)) values.set(line.slice(0, space), count(value));
  }
  return values;
}

/** The members with a value: absent files leave no member. */
export function defined(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
