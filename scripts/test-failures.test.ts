import assert from "node:assert/strict";
import { resolve } from "node:path";
import { describe, it } from "node:test";
import { junitFailures, tapFailures } from "./test-failures.ts";

describe("what failed, out of a report", () => {
  it("is found in TAP by file and innermost test, with a reason of one line or of several", () => {
    const report = `TAP version 13
# Subtest: a group
    # Subtest: holds
    ok 1 - holds
      ---
      duration_ms: 1
      ...
    # Subtest: does not
    not ok 2 - does not \\# hold
      ---
      duration_ms: 1
      location: '${resolve("src/a.test.ts")}:5:3'
      failureType: 'testCodeFailure'
      error: |-
        too much of it
        1 !== 0
      code: 'ERR_ASSERTION'
      ...
    1..2
not ok 1 - a group
  ---
  failureType: 'subtestsFailed'
  error: '1 subtest failed'
  ...
not ok 2 - alone
  ---
  error: 'it is gone'
  ...
`;
    assert.deepEqual(tapFailures(report), [
      { test: "src/a.test.ts: does not # hold", reason: "too much of it\n1 !== 0" },
      { test: "alone", reason: "it is gone" },
    ]);
  });

  it("is found in JUnit by file and name", () => {
    const report = `<testsuites tests="2" failures="1"><testsuite name="a">
      <testcase name="holds" file="a.test.ts" time="0.1" />
      <testcase name="does &lt;not&gt;" file="a.test.ts" time="0.1"><failure type="AssertionError" message="1 &amp; 2" /></testcase>
    </testsuite></testsuites>`;
    assert.deepEqual(junitFailures(report), [{ test: "a.test.ts: does <not>", reason: "1 & 2" }]);
    assert.deepEqual(junitFailures("<testsuites></testsuites>"), []);
  });
});
