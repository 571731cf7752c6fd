import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { writeRecord } from "../../sys/record-file.ts";

/** A container whose poststop hooks are to run, whatever becomes of its daemon. */
export interface OwedHooks {
  readonly id: string;
  readonly bundle: string;
}

const directoryOf = (stateDirectory: string): string => join(stateDirectory, "poststop");

/**
 * Before its first hook runs. Whoever takes the state of a dead daemon's pod away (`delete` of any of its containers) finds
 * here which hooks of the others are to run: their own `delete` finds nothing of the pod any more.
 */
export function oweHooks(stateDirectory: string, { id, bundle }: OwedHooks): void {
  mkdirSync(directoryOf(stateDirectory), { recursive: true, mode: 0o700 });
  writeRecord(join(directoryOf(stateDirectory), id), { id, bundle });
}

/** They have run. None is fine. */
export function hooksPaid(stateDirectory: string, id: string): void {
  rmSync(join(directoryOf(stateDirectory), id), { force: true });
}

export function owedHooks(stateDirectory: string): OwedHooks[] {
  let names: string[];
  try {
    names = readdirSync(directoryOf(stateDirectory));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      const record: unknown = JSON.parse(readFileSync(join(directoryOf(stateDirectory), name), "utf8"));
      return isOwed(record) && record.id === name ? record : [];
    } catch {
      return [];
    }
  });
}

function isOwed(record: unknown): record is OwedHooks {
  if (typeof record !== "object" || record === null || !("id" in record) || !("bundle" in record)) return false;
  return typeof record.id === "string" && typeof record.bundle === "string" && isAbsolute(record.bundle);
}
