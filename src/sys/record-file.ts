import { renameSync, rmSync, writeFileSync } from "node:fs";
import { withSharedFile } from "#os/src/sys/shared-file.ts";

/** Writes a value as JSON, 0600, replaced whole: whoever reads it never sees half of it. */
export function writeRecord(path: string, record: object): void {
  const temporary = `${path}.${process.pid}`;
  try {
    writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 });
    withSharedFile(() => renameSync(temporary, path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
