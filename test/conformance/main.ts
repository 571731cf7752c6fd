/**
 * `main.ts [--short] [STACK...]`: containerd/shimtest against out/containerd-shim-uvm-v1 on every stack that has a profile,
 * or on those named: the release that test/peers/go.mod pins, or that of the directory SHIMTEST. Prints each test that did
 * not pass, each skip with its reason and a sum a profile; ends with 1 where a test failed, fewer passed than the profile
 * asks for, something was left on the host, or there is no shimtest. --short is what CI runs: of a stack that boots VMs the
 * tests that its profile chooses, and stress runs of seconds.
 */
import { parseArgs } from "node:util";
import type { GoTest } from "../harness/go-test-report.ts";
import { gaps, type Profile, profiles, releases } from "./profiles.ts";
import { findShimTest, type ShimTest, Suite } from "./suite.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const minute = 60_000;
const shimtestSoaks = 60; // It stresses until so many seconds before its deadline.

async function conform(shimtest: ShimTest, profile: Profile, short: boolean): Promise<boolean> {
  const suite = new Suite(shimtest, profile);
  const { suites } = gaps(profile, shimtest.release);
  const part = short ? profile.short : undefined;
  try {
    await suite.open();
    const wanted = part === undefined ? "^TestShim$" : `^TestShim$/.*/^(${part.tests.join("|")})$`;
    // The stress runs have deadlines of their own, below.
    const tests = await suite.tests(wanted, ["-test.short"], profile.minutes * minute, ["Stress"]);
    if (suites.transfer === undefined && part === undefined) {
      tests.push(...(await suite.fuzz("FuzzTransferMissing", short ? 5000 : 60_000)));
    }
    const seconds = short ? profile.stress.short : profile.stress.full;
    if (seconds > 0) {
      const stressed = shimtest.release === "pinned" ? ["Lifecycle"] : ["Lifecycle", "Exec"];
      if (suites.transfer === undefined) stressed.push("Transfer");
      if (suites.sandbox === undefined) stressed.push("Sandbox");
      for (const name of stressed) {
        const run = await suite.tests(
          `^TestShim$/.*/^Stress$/^${name}$`,
          ["-test.parallel=1"],
          (shimtestSoaks + seconds) * 1000,
        );
        tests.push(...run.map(oneOfMany));
      }
      const measured = "Lifecycle|StartupPhases|Exec|StdioRoundTrip|ReadLargeFile|ReadBindMount|ContainerCreate";
      const lines = await suite.benchmarks(`BenchmarkShim/.*/(${measured})$`, short ? 3 : 20, 5 * minute);
      for (const line of lines) say(`  ${line}`);
    }
    return report(shimtest, profile, short, tests, await suite.leftovers());
  } finally {
    await suite.close();
  }
}

/** It passed only where it was too slow to come to its third exec. */
const brokenStress =
  "v0.3.0 waits for the end of cat without CloseIO, which alone ends a stdin (its own LargeStdioRoundTrip says so); mended after v0.3.0";

/** A stress run's own iterations are subtests: their number differs from run to run. */
function oneOfMany(test: GoTest): GoTest {
  return { ...test, name: test.name.replace(/iter\d+$/, "iteration") };
}

function report(
  { release }: ShimTest,
  profile: Profile,
  short: boolean,
  tests: readonly GoTest[],
  left: readonly string[],
): boolean {
  const part = short ? profile.short : undefined;
  const iterations = tests.filter(({ name, outcome }) => name.endsWith("/iteration") && outcome === "passed");
  if (iterations.length > 0) say(`  stressed: ${iterations.length} lifecycles`);
  const counted = tests.filter((test) => !iterations.includes(test));
  const of = (outcome: GoTest["outcome"]): GoTest[] => counted.filter((test) => test.outcome === outcome);
  for (const { name, log } of of("failed")) say(`  FAILED ${name}\n${log.map((line) => `    ${line}`).join("\n")}`);
  const { suites, tests: without } = gaps(profile, release);
  const skips = [
    ...of("skipped").map(({ name, log }) => [name, log.at(-1) ?? "shimtest gives no reason"]),
    ...Object.entries(without),
    ...(release === "pinned" && profile.stress.full > 0 ? [["Stress/Exec", brokenStress]] : []),
    ...Object.entries(suites).map(([suite, reason]) => [`suite ${suite}`, reason]),
  ];
  for (const [name, reason] of skips) say(`  skipped ${name}: ${reason}`);
  if (part !== undefined) say(`  of the others, --short runs ${part.tests.join(", ")}; make conformance runs all`);
  const passed = of("passed").length;
  const failed = of("failed").length;
  const expected = (part ?? profile).passes[release];
  if (passed < expected) say(`  FAILED: ${passed} tests passed, and ${expected} did before`);
  for (const line of left) say(`  FAILED: left ${line}`);
  const root = profile.formatMounts ? "image files" : "a directory";
  const leaks = ["process", "mount", "socket", "cgroup", "file"].map((kind) => {
    const count = left.filter((line) => line.startsWith(`${kind} `)).length;
    return `${count} ${kind}${kind === "process" ? "es" : "s"}`;
  });
  say(
    `== shimtest ${releases[release]}, stack ${profile.stack}, root from ${root}: ${passed} passed, ${failed} failed, ` +
      `${skips.length} skipped; left behind: ${leaks.join(", ")}`,
  );
  return failed === 0 && left.length === 0 && passed >= expected;
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
  const shimtest = findShimTest(process.env.SHIMTEST);
  for (const profile of chosen) if (!(await conform(shimtest, profile, values.short))) process.exitCode = 1;
} catch (error) {
  say(`conformance: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
