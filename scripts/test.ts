/**
 * `test.ts SUITE...` runs the suites (unit, integration, budget, qemu, integration-qemu, faults, windows, peers) and ends with one line, their sum: "N passed, N failed, N skipped".
 * The unit tests run in both runtimes, in Bun because it is what we ship and in Node because the code says that it is
 * neutral; a test that runs twice counts twice.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Failure, junitFailures, tapFailures } from "./test-failures.ts";

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Runner {
  readonly argv: (files: readonly string[], report: string) => string[];
  /** The totals in the report that the runner wrote; undefined where they are missing. */
  readonly read: (report: string) => Counts | undefined;
  readonly failures: (report: string) => readonly Failure[];
}

const bun: Runner = {
  argv: (files, report) => [
    `node_modules/@oven/bun-linux-${process.arch === "arm64" ? "aarch64" : "x64"}/bin/bun`,
    ...["test", "--timeout", "60000", "--reporter", "junit", "--reporter-outfile", report],
    ...files.map((file) => `./${file}`),
  ],
  read: (report) => {
    const totals = /<testsuites [^>]*\btests="(\d+)"[^>]*\bfailures="(\d+)"[^>]*\bskipped="(\d+)"/.exec(report);
    if (totals === null) return undefined;
    const [tests, failed, skipped] = totals.slice(1).map(Number) as [number, number, number];
    return { passed: tests - failed - skipped, failed, skipped };
  },
  failures: junitFailures,
};

const node = (concurrency: number): Runner => ({
  argv: (files, report) => [
    process.execPath,
    ...["--import", "tsx", "--test", "--test-timeout=900000", `--test-concurrency=${concurrency}`],
    ...["--test-reporter", "spec", "--test-reporter-destination", "stdout"],
    ...["--test-reporter", "tap", "--test-reporter-destination", report],
    ...files,
  ],
  read: (report) => {
    const total = (name: string): number =>
      Number(new RegExp(`^# ${name} (\\d+)$`, "m").exec(report)?.[1] ?? Number.NaN);
    const counts = {
      passed: total("pass"),
      failed: total("fail") + total("cancelled"),
      skipped: total("skipped") + total("todo"),
    };
    return Object.values(counts).some(Number.isNaN) ? undefined : counts;
  },
  failures: tapFailures,
});

/** Windows' Node under Wine (test/windows/main.ts), which writes the totals as Node's reporter does. */
const wine: Runner = {
  ...node(1),
  argv: (files, report) => [process.execPath, "--import", "tsx", "test/windows/main.ts", "--report", report, ...files],
};

interface Suite {
  readonly title: string;
  readonly roots: readonly string[];
  /** Takes the files for Windows alone; without it, all others. */
  readonly windows?: true;
  readonly runner: Runner;
  /**
   * What it skips is a real peer that was not there: in CI that is a failure. "always": also elsewhere, as the target that
   * runs the suite brings the peer.
   */
  readonly realPeers?: "in CI" | "always";
  readonly env?: Readonly<Record<string, string>>;
}

/** test/fuzz: the corpus, and a short run of each fuzzer. */
const unitRoots = ["src", "cmd", "scripts", "test/harness", "test/fuzz"];

const suites: Record<string, readonly Suite[]> = {
  unit: [
    { title: "unit tests, Bun", roots: unitRoots, runner: bun },
    { title: "unit tests, Node", roots: unitRoots, runner: node(2) },
  ],
  // One after the other: they count what the whole machine holds.
  integration: [
    {
      ...{ title: "containerd and ctr, stack local", roots: ["test/integration"], runner: node(1) },
      ...{ realPeers: "in CI", env: { UVM_STACK: "local" } },
    },
  ],
  // Alone: it watches what a daemon does while nobody asks anything of it.
  budget: [
    { title: "what a pod's life takes, in counts", roots: ["test/budget"], runner: node(1), realPeers: "always" },
  ],
  // These two: two files at a time, as most of a VM's life is waiting for its one emulated processor.
  qemu: [{ title: "VMs and their image", roots: ["test/qemu", "test/vm"], runner: node(2), realPeers: "always" }],
  "integration-qemu": [
    {
      ...{ title: "containerd and ctr, stack qemu", roots: ["test/integration"], runner: node(2) },
      ...{ realPeers: "always", env: { UVM_STACK: "qemu" } },
    },
  ],
  // The stacks beside each other; the rows of each one after the other.
  faults: [{ title: "the fault matrix", roots: ["test/faults"], runner: node(2), realPeers: "always" }],
  windows: [
    {
      ...{ title: "the Windows half, under Wine", roots: ["src", "cmd", "test/windows"], runner: wine },
      ...{ windows: true, realPeers: "always" },
    },
  ],
  peers: [
    {
      title: "containerd 2.x, nerdctl and Go ttrpc",
      roots: ["test/peers", "test/integration"],
      runner: node(1),
      realPeers: "in CI",
    },
  ],
};

function testFiles(root: string): string[] {
  let names: string[];
  try {
    names = readdirSync(root, { recursive: true, encoding: "utf8" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return names.filter((name) => name.endsWith(".test.ts")).map((name) => join(root, name));
}

/** Beside the code they are named so; all of test/windows is. */
function isForWindows(file: string): boolean {
  return file.endsWith(".windows.test.ts") || file.startsWith("test/windows/");
}

/** A runner that dies, or writes no totals, counts as one failure more than it reported. */
async function run({ title, runner, env }: Suite, files: readonly string[]): Promise<Counts> {
  const directory = mkdtempSync(join(tmpdir(), "uvm-shim-test-"));
  const report = join(directory, "report");
  try {
    const [command = "", ...args] = runner.argv(files, report);
    const code = await new Promise<number | null>((resolve, reject) => {
      spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } })
        .on("error", reject)
        .on("close", resolve);
    });
    const text = readFileSync(report, { encoding: "utf8", flag: "a+" });
    for (const { test, reason } of runner.failures(text)) {
      process.stdout.write(`== failed: ${title}: ${test}\n${reason.replaceAll(/^(?=.)/gm, "     ")}\n`);
    }
    const counts = runner.read(text);
    if (counts === undefined) return { passed: 0, failed: 1, skipped: 0 };
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const name of process.argv.slice(2)) {
  for (const suite of suites[name] ?? []) {
    const { title, roots, realPeers } = suite;
    const files = roots
      .flatMap(testFiles)
      .filter((file) => isForWindows(file) === (suite.windows === true))
      .sort();
    process.stdout.write(`== ${title}: ${files.length} files\n`);
    if (files.length === 0) continue;
    const counts = await run(suite, files);
    process.stdout.write(`== ${title}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
    const needed = realPeers === "always" || (realPeers === "in CI" && process.env.CI === "true");
    const missed = needed ? counts.skipped : 0;
    if (missed > 0) process.stdout.write(`== ${title}: ${missed} skipped, which counts as failed here\n`);
    sum.passed += counts.passed;
    sum.failed += counts.failed + missed;
    sum.skipped += counts.skipped - missed;
  }
}
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;
