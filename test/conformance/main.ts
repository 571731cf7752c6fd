/**
 * `main.ts [--short] [STACK...]`: containerd/shimtest (directory: SHIMTEST) against out/containerd-shim-uvm-v1 on every stack
 * that has a profile, or on those named. Prints each test that did not pass, each skip with its reason and a sum a stack;
 * ends with 1 where a test failed, fewer passed than the profile asks for, or something was left on the host.
 * --short leaves the stress runs and the benchmarks out.
 */
import { parseArgs } from "node:util";
import type { GoTest } from "../harness/go-test-report.ts";
import { type Profile, profiles } from "./profiles.ts";
import { findShimTest, Suite } from "./suite.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const minute = 60_000;

async function conform(profile: Profile, short: boolean): Promise<boolean> {
  const suite = new Suite(findShimTest(process.env.SHIMTEST), profile);
  try {
    await suite.open();
    const brief = short ? [] : ["Stress"]; // It has runs of its own, below.
    const tests = await suite.tests("^TestShim$", ["-test.short"], profile.minutes * minute, brief);
    const { transfer } = profile.skippedSuites;
    if (transfer === undefined) tests.push(...(await suite.tests("^FuzzTransferMissing$", [], minute)));
    if (!short) {
      // shimtest stresses until a minute before its deadline.
      const stressed =
        profile.skippedSuites.sandbox === undefined ? ["Lifecycle", "Exec", "Sandbox"] : ["Lifecycle", "Exec"];
      for (const name of stressed) {
        tests.push(...(await suite.tests(`^TestShim$/.*/^Stress$/^${name}$`, [], minute + 6_000)).map(oneOfMany));
      }
      const wanted = "BenchmarkShim/.*/(Lifecycle|StartupPhases|Exec|StdioRoundTrip|ReadLargeFile|ReadBindMount)$";
      for (const line of await suite.benchmarks(wanted, 3, 2 * minute)) say(`  ${line}`);
    }
    const left = await suite.assertNothingLeft().then(() => undefined, String);
    return report(profile, tests, left);
  } finally {
    await suite.close();
  }
}

/** A stress run's own iterations are subtests: their number differs from run to run. */
function oneOfMany(test: GoTest): GoTest {
  return { ...test, name: test.name.replace(/iter\d+$/, "iteration") };
}

function report(profile: Profile, tests: readonly GoTest[], left: string | undefined): boolean {
  const iterations = tests.filter(({ name, outcome }) => name.endsWith("/iteration") && outcome === "passed");
  if (iterations.length > 0) say(`  stressed: ${iterations.length} lifecycles`);
  const counted = tests.filter((test) => !iterations.includes(test));
  const of = (outcome: GoTest["outcome"]): GoTest[] => counted.filter((test) => test.outcome === outcome);
  for (const { name, log } of of("failed")) say(`  FAILED ${name}\n${log.map((line) => `    ${line}`).join("\n")}`);
  const skips = [
    ...of("skipped").map(({ name, log }) => [name, log.at(-1) ?? "shimtest gives no reason"]),
    ...Object.entries(profile.skippedTests),
    ...Object.entries(profile.skippedSuites).map(([suite, reason]) => [`suite ${suite}`, reason]),
  ];
  for (const [name, reason] of skips) say(`  skipped ${name}: ${reason}`);
  const passed = of("passed").length;
  const failed = of("failed").length;
  if (passed < profile.passes) say(`  FAILED: ${passed} tests passed, and ${profile.passes} did before`);
  if (left !== undefined) say(`  FAILED: ${left}`);
  const shape = profile.formatMounts ? "image files" : "a directory";
  say(
    `== shimtest, stack ${profile.stack}, root from ${shape}: ${passed} passed, ${failed} failed, ${skips.length} skipped${left === undefined ? ", nothing left" : ""}`,
  );
  return failed === 0 && left === undefined && passed >= profile.passes;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: "boolean", default: false } },
});
const chosen = profiles.filter(({ stack }) => positionals.length === 0 || positionals.includes(stack));
const unknown = positionals.filter((name) => !profiles.some(({ stack }) => stack === name));
try {
  if (unknown.length > 0)
    throw new Error(`no profile for stack ${unknown.join(", ")}: see test/conformance/profiles.ts`);
  for (const profile of chosen) {
    if (!(await conform(profile, values.short || !profile.stressed))) process.exitCode = 1;
  }
} catch (error) {
  say(`conformance: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
