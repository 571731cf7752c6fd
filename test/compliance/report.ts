import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Column, conditions, recorded } from "./recorded.ts";
import type { Findings, Row } from "./survey.ts";

/** Holds what was found against what is recorded; `make compliance` gets it as a file. */
export function reportFindings(column: Column, findings: Findings): void {
  const { UVM_COMPLIANCE_DIRECTORY: directory } = process.env;
  if (directory !== undefined) writeFileSync(join(directory, `${column}.json`), JSON.stringify(findings));
  for (const [row, finding] of Object.entries(findings) as [Row, string][]) {
    // Of what hangs on the host either is right, and the survey has seen that the stack told the truth of it.
    if (conditions[column]?.[row] !== undefined) continue;
    const was = recorded[column][row];
    assert.equal(
      finding,
      was,
      `stack ${column}, ${row}: found ${finding}, recorded (test/compliance/recorded.ts) ${was}`,
    );
  }
  assert.deepEqual(Object.keys(findings).sort(), Object.keys(recorded[column]).sort());
}
