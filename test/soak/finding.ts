import { table } from "../../scripts/bench/figures.ts";

/** One line of the soak's account: what was looked at, its bound, and what came. */
export interface Finding {
  readonly what: string;
  readonly expected: string;
  readonly seen: string;
  readonly holds: boolean;
}

/** For what is a figure alone, without a bound. */
export function figure(what: string, seen: string): Finding {
  return { what, expected: "-", seen, holds: true };
}

export function atMost(what: string, bound: number, seen: number, unit: string): Finding {
  return { what, expected: `<= ${bound} ${unit}`, seen: `${round(seen)} ${unit}`, holds: seen <= bound };
}

export function equal<T extends number | string>(what: string, expected: T, seen: T): Finding {
  return { what, expected: `${expected}`, seen: `${seen}`, holds: expected === seen };
}

/** What `check` throws (a leak's account, an assertion) is what was seen. */
export async function succeeds(what: string, expected: string, check: () => void | Promise<void>): Promise<Finding> {
  try {
    await check();
    return { what, expected, seen: expected, holds: true };
  } catch (error) {
    return { what, expected, seen: error instanceof Error ? error.message : String(error), holds: false };
  }
}

export function findingsTable(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, expected, seen, holds }) => [
    what,
    expected,
    seen.trim().replaceAll("\n", "; "),
    holds ? "ok" : "FAILED",
  ]);
  return table(["what", "expected", "seen", ""], rows);
}

/** For a test: throws an account of those that do not hold. */
export function assertAll(findings: readonly Finding[]): void {
  const failed = findings.filter(({ holds }) => !holds);
  if (failed.length === 0) return;
  throw new Error(failed.map(({ what, expected, seen }) => `${what}: ${seen}, where ${expected} was due`).join("\n"));
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
