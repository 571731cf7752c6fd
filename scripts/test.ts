/**
 * `test.ts SUITE...` runs the suites (unit, integration, budget, qemu, integration-qemu, faults, windows, peers) and ends with one line, their sum: "N passed, N failed, N skipped".
 * The unit tests run in both runtimes, in Bun because it is what we ship and in Node because the code says that it is
 * neutral; a test that runs twice counts twice.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compiledNode } from "./test-compiled.ts";
import { bun, type Counts, node, type Runner, wine } from "./test-runners.ts";

/** Two, as CI has two processors, and a VM under emulation keeps one busy. */
const AT_ONCE = 2;
/** What `seconds` does not tell of. */
const MOST_FILES_SECONDS = 40;

interface Suite {
  readonly title: string;
  /** Directories, or files. */
  readonly roots: readonly string[];
  readonly except?: readonly string[];
  /** Takes the files for Windows alone; without it, all others. */
  readonly windows?: true;
  readonly runner: Runner;
  /** In how many runs, of equally many files. */
  readonly runs: "one a file" | number;
  /** Nothing runs beside it. Else two runs at a time, of this suite or of those named next to it. */
  readonly alone?: true;
  /** What files took that are long, on a slow machine: they begin first, and nothing else depends on it. */
  readonly seconds?: Readonly<Record<string, number>>;
  /**
   * What it skips is a real peer that was not there: in CI that is a failure. "always": also elsewhere, as the target that
   * runs the suite brings the peer.
   */
  readonly realPeers?: "in CI" | "always";
  readonly env?: Readonly<Record<string, string>>;
  /** Its VMs come from templates (docs/vm-template.md), which all of its files share. */
  readonly templates?: true;
}

/** test/fuzz: the corpus, and a short run of each fuzzer. */
const unitRoots = ["src", "cmd", "scripts", "test/harness", "test/fuzz"];

/** In VMs that are booted, as are those of test/qemu and test/peers; the rest of test/integration and test/faults in VMs from a template, to save time. */
const inBootedVms = ["test/integration/run.test.ts"];

const suites: Record<string, readonly Suite[]> = {
  unit: [
    { title: "unit tests, Bun", roots: unitRoots, runner: bun, runs: 1 },
    { title: "unit tests, Node", roots: unitRoots, runner: compiledNode, runs: 8 },
  ],
  integration: [
    {
      ...{ title: "containerd and ctr, stack local", roots: ["test/integration"], runner: node, runs: "one a file" },
      ...{ realPeers: "in CI", env: { UVM_STACK: "local" } },
    },
  ],
  // It watches what a daemon does while nobody asks anything of it.
  budget: [
    {
      ...{ title: "what a pod's life takes, in counts", roots: ["test/budget"], runner: node, runs: 1, alone: true },
      realPeers: "always",
    },
  ],
  qemu: [
    {
      ...{ title: "VMs and their image", roots: ["test/qemu", "test/vm"], runner: node, runs: "one a file" },
      realPeers: "always",
      seconds: {
        "test/qemu/rootfs.test.ts": 394,
        "test/qemu/uvmctl.test.ts": 170,
        "test/qemu/remotevm-stack.test.ts": 110,
        "test/qemu/guest-machine.test.ts": 110,
        "test/qemu/devices.test.ts": 105,
        "test/qemu/checkpoint.test.ts": 100,
      },
    },
  ],
  "integration-qemu": [
    {
      ...{ title: "containerd and ctr, stack qemu", roots: inBootedVms, runner: node, runs: "one a file" },
      ...{ realPeers: "always", env: { UVM_STACK: "qemu" }, seconds: { "test/integration/run.test.ts": 160 } },
    },
    {
      ...{ title: "containerd and ctr, VMs from a template", roots: ["test/integration"], except: inBootedVms },
      ...{ runner: node, runs: "one a file", realPeers: "always", env: { UVM_STACK: "qemu" }, templates: true },
      seconds: {
        "test/integration/faults.test.ts": 164,
        "test/integration/tasks.test.ts": 93,
        "test/integration/events.test.ts": 83,
        "test/integration/soak.test.ts": 75,
        "test/integration/task-api.test.ts": 71,
        "test/integration/lifecycles.test.ts": 62,
        "test/integration/limits.test.ts": 60,
      },
    },
  ],
  faults: [
    {
      ...{ title: "the fault matrix", roots: ["test/faults"], runner: node, runs: "one a file", realPeers: "always" },
      templates: true,
      seconds: { "test/faults/qemu.test.ts": 230, "test/faults/local.test.ts": 207 },
    },
  ],
  // Runs two at a time of its own.
  windows: [
    {
      ...{ title: "the Windows half, under Wine", roots: ["src", "cmd", "test/windows"], runner: wine, runs: 1 },
      ...{ windows: true, alone: true, realPeers: "always" },
    },
  ],
  peers: [
    {
      ...{ title: "the flows on containerd 2.x", roots: ["test/integration"], runner: node, runs: "one a file" },
      realPeers: "in CI",
    },
    // One after the other: their networks and firewall rules are the host's.
    {
      ...{ title: "CRI, nerdctl and Go ttrpc", roots: ["test/peers"], runner: node, runs: 1, realPeers: "in CI" },
    },
  ],
};

interface Run {
  readonly suite: Suite;
  readonly files: readonly string[];
  /** Expected. */
  readonly seconds: number;
}

/** `seconds`: the sum of its runs' times, of which two may have been at once. */
interface Result extends Counts {
  readonly seconds: number;
}

const none: Result = { passed: 0, failed: 0, skipped: 0, seconds: 0 };

function testFiles(root: string): string[] {
  if (root.endsWith(".test.ts")) return [root];
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

/** Longest first, by what a slow machine took; what has many files before all. */
function runsOf(suite: Suite): Run[] {
  const files = suite.roots
    .flatMap(testFiles)
    .filter((file) => isForWindows(file) === (suite.windows === true) && suite.except?.includes(file) !== true)
    .sort();
  process.stdout.write(`== ${suite.title}: ${files.length} files\n`);
  const size = suite.runs === "one a file" ? 1 : Math.ceil(files.length / suite.runs);
  const parts: string[][] = [];
  for (let from = 0; from < files.length; from += size) parts.push(files.slice(from, from + size));
  return parts.map((part) => {
    const [first = "", ...others] = part;
    const seconds = others.length > 0 ? Number.POSITIVE_INFINITY : (suite.seconds?.[first] ?? MOST_FILES_SECONDS);
    return { suite, files: part, seconds };
  });
}

/**
 * A run that dies, or writes no totals, counts as one failure more than it reported. What is printed beside another run is
 * printed at its end.
 */
async function perform({ suite, files }: Run): Promise<Result> {
  const { title, runner, alone } = suite;
  const env = { ...process.env, ...suite.env, ...(suite.templates ? { UVM_TEST_TEMPLATES: templates } : {}) };
  const begun = performance.now();
  const directory = mkdtempSync(join(tmpdir(), "uvm-shim-test-"));
  const report = join(directory, "report");
  // A file: a pipe would last as long as whatever a test left behind.
  const printed = alone ? undefined : openSync(join(directory, "printed"), "w+");
  try {
    const [command = "", ...args] = runner.argv(files, report);
    const code = await new Promise<number | null>((resolve, reject) => {
      const output = printed ?? "inherit";
      spawn(command, args, { stdio: ["ignore", output, output], env })
        .on("error", reject)
        .on("close", resolve);
    });
    const seconds = (performance.now() - begun) / 1000;
    const what = files.length === 1 ? files[0] : `${files[0]} and ${files.length - 1} more`;
    process.stdout.write(`-- ${title}: ${what} (${seconds.toFixed(0)} s)\n`);
    if (printed !== undefined) process.stdout.write(readFileSync(join(directory, "printed")));
    const text = readFileSync(report, { encoding: "utf8", flag: "a+" });
    for (const { test, reason } of runner.failures(text)) {
      process.stdout.write(`== failed: ${title}: ${test}\n${reason.replaceAll(/^(?=.)/gm, "     ")}\n`);
    }
    const counts = runner.read(text) ?? { ...none, failed: 1 };
    return { ...counts, failed: code !== 0 && counts.failed === 0 ? 1 : counts.failed, seconds };
  } finally {
    if (printed !== undefined) closeSync(printed);
    rmSync(directory, { recursive: true });
  }
}

/** The results by suite, as far as it had files. */
async function performAll(runs: readonly Run[], atOnce: number): Promise<Map<Suite, Result>> {
  const results = new Map<Suite, Result>();
  const queue = [...runs].sort((a, b) => (a.seconds === b.seconds ? 0 : b.seconds - a.seconds));
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
        const result = await perform(run);
        const sum = results.get(run.suite) ?? none;
        results.set(run.suite, {
          passed: sum.passed + result.passed,
          failed: sum.failed + result.failed,
          skipped: sum.skipped + result.skipped,
          seconds: sum.seconds + result.seconds,
        });
      }
    }),
  );
  return results;
}

/** Suites as they come, with their neighbours where none of them has to be alone. */
function groupsOf(asked: readonly Suite[]): Suite[][] {
  const groups: Suite[][] = [];
  for (const suite of asked) {
    const last = groups.at(-1);
    if (last === undefined || suite.alone || last.some(({ alone }) => alone)) groups.push([suite]);
    else last.push(suite);
  }
  return groups;
}

/** Of all suites that want templates. */
const templates = mkdtempSync(join(tmpdir(), "uvm-shim-templates-"));
process.once("exit", () => rmSync(templates, { recursive: true }));

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const group of groupsOf(process.argv.slice(2).flatMap((name) => suites[name] ?? []))) {
  const begun = performance.now();
  const results = await performAll(group.flatMap(runsOf), group.some(({ alone }) => alone) ? 1 : AT_ONCE);
  for (const suite of group) {
    const counts = results.get(suite);
    if (counts === undefined) continue;
    const { title, realPeers } = suite;
    const outcome = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
    process.stdout.write(`== ${title}: ${outcome}, ${counts.seconds.toFixed(0)} s of runs\n`);
    const needed = realPeers === "always" || (realPeers === "in CI" && process.env.CI === "true");
    const missed = needed ? counts.skipped : 0;
    if (missed > 0) process.stdout.write(`== ${title}: ${missed} skipped, which counts as failed here\n`);
    // The shim boots what can't come from one, and only its log says so.
    const booted = suite.templates && readdirSync(templates).length === 0 ? 1 : 0;
    if (booted > 0) process.stdout.write(`== ${title}: no template was made, which counts as failed\n`);
    sum.passed += counts.passed;
    sum.failed += counts.failed + missed + booted;
    sum.skipped += counts.skipped - missed;
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  process.stdout.write(`== ${group.map(({ title }) => title).join("; ")}: all in ${seconds} s\n`);
}
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;
