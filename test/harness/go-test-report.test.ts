import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readGoTests } from "./go-test-report.ts";

const outcomes = (output: string): string[] => readGoTests(output).map(({ name, outcome }) => `${outcome} ${name}`);

describe("what a Go test binary reports", () => {
  it("counts leaves, and keeps what a skipped one said", () => {
    const output = [
      "=== RUN   TestShim",
      "=== RUN   TestShim/local",
      "=== RUN   TestShim/local/Exec",
      "    exec_suite.go:136: exec exit status: 0",
      "=== RUN   TestShim/local/Layers",
      "    layers_suite.go:78: requires image files",
      "--- PASS: TestShim (0.60s)",
      "    --- PASS: TestShim/local (0.60s)",
      "        --- PASS: TestShim/local/Exec (0.60s)",
      "        --- SKIP: TestShim/local/Layers (0.00s)",
      "PASS",
    ].join("\n");
    assert.deepEqual(readGoTests(output), [
      { name: "TestShim/local/Exec", outcome: "passed", log: ["exec exit status: 0"] },
      { name: "TestShim/local/Layers", outcome: "skipped", log: ["requires image files"] },
    ]);
  });

  it("counts a test as failed that never ended", () => {
    const output = [
      "=== RUN   TestShim",
      "=== RUN   TestShim/local",
      "=== RUN   TestShim/local/Exec",
      "panic: timed out",
    ];
    assert.deepEqual(outcomes(output.join("\n")), ["failed TestShim/local/Exec"]);
  });

  it("counts the failure of a test whose subtests all passed: a leak that its clean-up found", () => {
    const output = [
      "=== RUN   TestShim",
      "=== RUN   TestShim/Exec",
      "=== NAME  TestShim",
      "    helpers.go:110: leaked shim process: PID 7",
      "--- FAIL: TestShim (0.60s)",
      "    --- PASS: TestShim/Exec (0.60s)",
      "FAIL",
    ];
    assert.deepEqual(outcomes(output.join("\n")), ["failed TestShim", "passed TestShim/Exec"]);
  });

  it("reads two tests that run side by side", () => {
    const output = [
      "=== RUN   TestA",
      "=== PAUSE TestA",
      "=== RUN   TestB",
      "=== CONT  TestA",
      "    a.go:1: from A",
      "--- PASS: TestA (0.0s)",
      "--- FAIL: TestB (0.0s)",
    ];
    assert.deepEqual(readGoTests(output.join("\n")), [
      { name: "TestA", outcome: "passed", log: ["from A"] },
      { name: "TestB", outcome: "failed", log: [] },
    ]);
  });
});
