/**
 * `make compliance`: runs the compliance suite on every stack and prints what each supports, as the runs have found it. Fails
 * where a run fails, or finds something else than recorded (test/compliance/recorded.ts).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Column, columns } from "../test/compliance/recorded.ts";
import type { Findings } from "../test/compliance/survey.ts";
import { complianceTable } from "../test/compliance/table.ts";

const FILES = [
  "src/vmmanager/stacks/local/stack.test.ts",
  "src/vmmanager/stacks/hcs/stack.test.ts",
  "test/qemu/stack.test.ts",
  "test/qemu/remotevm-stack.test.ts",
];

const directory = mkdtempSync(join(tmpdir(), "uvm-compliance-"));
let failed = false;
try {
  for (const file of FILES) {
    process.stdout.write(`${file}\n`);
    const env = { ...process.env, UVM_COMPLIANCE_DIRECTORY: directory };
    const { status, stdout } = spawnSync(process.execPath, ["--import", "tsx", "--test", file], {
      env,
      encoding: "utf8",
    });
    if (status !== 0) {
      failed = true;
      process.stdout.write(stdout);
    }
  }
  const findings = Object.fromEntries(columns.flatMap((column) => found(column)));
  process.stdout.write(`${complianceTable(findings).join("\n")}\n`);
  const missing = columns.filter((column) => findings[column] === undefined);
  if (missing.length > 0) process.stdout.write(`not run to the end: ${missing.join(", ")}\n`);
  process.exitCode = failed || missing.length > 0 ? 1 : 0;
} finally {
  rmSync(directory, { recursive: true });
}

function found(column: Column): [Column, Findings][] {
  try {
    return [[column, JSON.parse(readFileSync(join(directory, `${column}.json`), "utf8")) as Findings]];
  } catch {
    return [];
  }
}
