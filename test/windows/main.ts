/**
 * `main.ts [--report FILE] TEST...` bundles tests of the Windows half and runs each under Wine's Windows node.exe, in a
 * process of its own, two at a time, each in another Wine. Ends with "N passed, N failed, N skipped"; the report has them as
 * TAP's totals.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { readLog } from "./stand-in.ts";
import { killBelow, RIG, Wine, windowsPath } from "./wine.ts";

/** There for what hangs: a file takes seconds, and minutes on a machine that gives us a fifth of a processor. */
const FILE_LIMIT_MS = 600_000;
const AT_ONCE = 2;
/** Wines that may break under one file before that is its failure. */
const WINES = 3;

/** Files that run one after the other, in one Wine: its start takes as long as many a file. */
interface Lane {
  wine: Wine | undefined;
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { report: { type: "string" } } });
const sum = { passed: 0, failed: 0, skipped: 0 };
/** In TAP, as the files' own reports have them. */
const failures: string[] = [];
let caught = 0;
let winesStarted = 0;
const began = performance.now();
const say = (text: string) => process.stdout.write(`${text}\n`);

removeAbandoned();
const directory = join(RIG, `run-${process.pid}`);
mkdirSync(directory);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    killBelow(directory);
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
    process.exit(1);
  });
}
// Where a bundle finds the native module by its name.
cpSync(join(RIG, "koffi"), join(directory, "node_modules", "koffi"), { recursive: true });
const program = join(directory, "containerd-shim-uvm-v1.mjs");
cpSync("out/windows-shim/containerd-shim-uvm-v1.mjs", program);
// As they are installed: the executable runs the node.exe beside it.
const executable = join(directory, "containerd-shim-uvm-v1.exe");
cpSync("out/windows-shim/containerd-shim-uvm-v1.exe", executable);
linkSync(join(RIG, "node.exe"), join(directory, "node.exe"));
// Has what only builds for tests have: Hyper-V sockets played over loopback, above all.
const testProgram = join(directory, "failpoints.mjs");
cpSync("out/faults/windows-shim/containerd-shim-uvm-v1.mjs", testProgram);
try {
  const queue = [...positionals];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      const lane: Lane = { wine: undefined };
      for (let file = queue.shift(); file !== undefined; file = queue.shift()) await runFile(file, lane);
      await leaveWine(lane, "the last file");
    }),
  );
} finally {
  rmSync(directory, { recursive: true });
}
if (values.report !== undefined) {
  writeFileSync(
    values.report,
    `# pass ${sum.passed}\n# fail ${sum.failed}\n# cancelled 0\n# skipped ${sum.skipped}\n# todo 0\n${failures.join("")}`,
  );
}
const seconds = ((performance.now() - began) / 1000).toFixed(1);
say(`${sum.passed + sum.failed + sum.skipped} cases in ${seconds} s, ${caught} negative controls caught`);
say(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;

/** Directories of runs that were killed. */
function removeAbandoned(): void {
  for (const name of readdirSync(RIG)) {
    const [, pid] = /^run-(\d+)$/.exec(name) ?? [];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    killBelow(join(RIG, name));
    rmSync(join(RIG, name), { recursive: true, maxRetries: 10 });
  }
}

function fail(why: string, what: readonly string[]): void {
  sum.failed += what.length;
  for (const line of what) {
    say(`FAIL ${why}: ${line}`);
    failures.push(`not ok 1 - ${why}\n  ---\n  error: '${line}'\n  ...\n`);
  }
}

/** Ends the lane's Wine: its next file starts another. */
async function leaveWine(lane: Lane, file: string): Promise<void> {
  const { wine } = lane;
  if (wine === undefined) return;
  lane.wine = undefined;
  const stayed = await wine.stop();
  if (wine.broken === undefined) fail(`${file}: still running after Wine's end`, stayed);
}

async function runFile(file: string, lane: Lane): Promise<void> {
  const name = file.replaceAll("/", "-").replace(/\.ts$/, "");
  const bundle = join(directory, `${name}.mjs`);
  const problem = bundleTest(file, bundle);
  if (problem !== undefined) return fail(`${file} is not to be bundled`, [problem]);
  for (let wines = 1; ; wines++) {
    const broken = await runBundle(file, bundle, join(directory, `${name}-${wines}`), lane);
    if (broken === undefined) return;
    const what = `${file}: Wine's own server ${broken}`;
    if (wines === WINES) return fail("no Wine has lasted", [what]);
    say(`-- ${what}; nothing was tested, so it runs in another Wine`);
  }
}

/** Answers how Wine itself broke: then the run does not count, whatever it seemed to say. */
async function runBundle(file: string, bundle: string, own: string, lane: Lane): Promise<string | undefined> {
  const started = performance.now();
  mkdirSync(own);
  const tap = join(own, "report.tap");
  // Files find nothing of each other's there: what still runs after one takes its Wine along, and state is below `own`.
  if (lane.wine?.broken !== undefined) await leaveWine(lane, file);
  lane.wine ??= await Wine.start(join(directory, `wine-${++winesStarted}`));
  const { wine } = lane;
  const { code, output } = await wine.node(
    [
      ...["--test-reporter", "spec", "--test-reporter-destination", "stdout"],
      ...["--test-reporter", "tap", "--test-reporter-destination", windowsPath(tap), windowsPath(bundle)],
    ],
    join(own, "output"),
    {
      UVM_SHIM_COMPUTECORE: windowsPath(join(RIG, "computecore.dll")),
      UVM_SHIM_COMPUTENETWORK: windowsPath(join(RIG, "computenetwork.dll")),
      UVM_SHIM_VMCOMPUTE: windowsPath(join(RIG, "vmcompute.dll")),
      UVM_SHIM_PROGRAM: windowsPath(program),
      UVM_SHIM_EXECUTABLE: windowsPath(executable),
      UVM_SHIM_TEST_PROGRAM: windowsPath(testProgram),
      UVM_TEST_DIRECTORY: windowsPath(own),
      UVM_STAND_IN_LOG: windowsPath(join(own, "computecore.jsonl")),
    },
    FILE_LIMIT_MS,
  );
  const { broken } = wine;
  const leftovers = wine.leftovers();
  if (broken !== undefined) {
    await leaveWine(lane, file);
    return broken;
  }
  fail(`${file}: still running after its end`, leftovers);
  if (code !== 0 || leftovers.length > 0) await leaveWine(lane, file);
  const report = existsSync(tap) ? readFileSync(tap, "utf8") : "";
  const total = (key: string) => Number(new RegExp(`^# ${key} (\\d+)$`, "m").exec(report)?.[1] ?? Number.NaN);
  const counts = {
    passed: total("pass"),
    failed: total("fail") + total("cancelled"),
    skipped: total("skipped") + total("todo"),
  };
  fail(file, standInFindings(join(own, "computecore.jsonl")));
  say(`-- ${file} (${((performance.now() - started) / 1000).toFixed(1)} s)\n${output.trimEnd()}`);
  if (Object.values(counts).some(Number.isNaN)) {
    fail(file, [code === undefined ? `no end within ${FILE_LIMIT_MS} ms` : `ended with ${code} and no totals`]);
  } else {
    if (counts.failed > 0) failures.push(report.replaceAll(/^# (pass|fail|cancelled|skipped|todo) /gm, "# file: $1 "));
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    sum.skipped += counts.skipped;
    caught += report.match(/^ *ok \d+ - negative control, caught/gm)?.length ?? 0;
    if (code !== 0 && counts.failed === 0) fail(file, [code === undefined ? "did not end" : `ended with ${code}`]);
  }
  return undefined;
}

/** What the stand-in found in a process that ended by itself: a bug, or handles and strings that it left. */
function standInFindings(log: string): string[] {
  if (!existsSync(log)) return [];
  return readLog(log).flatMap(({ bug, detach, result }) =>
    bug !== undefined ? [bug] : detach !== undefined && result !== 0 ? [`left at its end: ${detach}`] : [],
  );
}

/** One file for Node: under Wine there is no node_modules but koffi. */
function bundleTest(file: string, target: string): string | undefined {
  const { status, stdout, stderr, error } = spawnSync(
    `node_modules/@oven/bun-linux-${process.arch === "arm64" ? "aarch64" : "x64"}/bin/bun`,
    [
      ...["build", file, "--target", "node", "--format", "esm", "--conditions", "windows"],
      ...["--external", "koffi", "--sourcemap=inline", "--outfile", target],
    ],
    { encoding: "utf8", env: { ...process.env, BUN_INSTALL_CACHE_DIR: directory } },
  );
  return status === 0 ? undefined : `${basename(file)}: ${error?.message ?? stderr}${stdout}`;
}
