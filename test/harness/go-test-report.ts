/** What a Go test binary says with `-test.v` and without `-test.v=test2json`. */

export interface GoTest {
  /** Slashes between its parts: "TestShim/local/Exec". */
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** What it logged, a line each, without file and line number. */
  readonly log: readonly string[];
}

/**
 * The tests that have no subtests, in their order of ending; of a test with subtests only its own failure counts, where
 * no subtest explains it. A test that was started and never ended (a panic, a time-out) failed.
 */
export function readGoTests(output: string): GoTest[] {
  const logs = new Map<string, string[]>();
  const outcomes = new Map<string, GoTest["outcome"]>();
  let current: string | undefined;
  for (const line of output.split("\n")) {
    const begun = /^=== (RUN|CONT|NAME|PAUSE)\s+(\S+)/.exec(line);
    const ended = /^\s*--- (PASS|FAIL|SKIP): (\S+)/.exec(line);
    if (begun?.[2] !== undefined) {
      current = begun[2];
      if (!logs.has(current)) logs.set(current, []);
    } else if (ended?.[2] !== undefined) {
      outcomes.set(ended[2], ended[1] === "PASS" ? "passed" : ended[1] === "FAIL" ? "failed" : "skipped");
      if (!logs.has(ended[2])) logs.set(ended[2], []);
      current = undefined;
    } else if (current !== undefined && /^\s+\S/.test(line)) {
      logs.get(current)?.push(line.trim().replace(/^\S+\.go:\d+: /, ""));
    }
  }
  const names = [...logs.keys()];
  const failed = (name: string): boolean => (outcomes.get(name) ?? "failed") === "failed";
  return names
    .filter((name) => {
      const below = names.filter((other) => other.startsWith(`${name}/`));
      return below.length === 0 || (failed(name) && !below.some(failed));
    })
    .map((name) => ({ name, outcome: outcomes.get(name) ?? "failed", log: logs.get(name) ?? [] }));
}
