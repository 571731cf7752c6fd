import { renameSync, rmSync, writeFileSync } from "node:fs";

/** Writes a value as JSON, 0600, replaced whole: whoever reads it never sees half of it. */
export function writeRecord(path: string, record: object): void {
  const temporary = `${path}.${process.pid}`;
  try {
    writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
