import assert from "node:assert/strict";
import { readAll } from "../../src/gcs/stdio/read-all.ts";
import type { Guest } from "../../src/guestmanager/guest.ts";

/** Runs a shell line in the guest itself: its exit code, and what it wrote on stdout. */
export async function guestRun(guest: Guest, line: string): Promise<{ code: number; output: string }> {
  const process = await guest.createProcess({
    commandArgs: ["/bin/sh", "-c", line],
    stdio: { stdout: { kind: "stream" } },
  });
  assert.ok(process.stdout);
  const output = await readAll(process.stdout, 1 << 20);
  return { code: await process.exitCode, output };
}
