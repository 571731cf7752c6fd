/** What runs test files and reports on them: Bun, Node, and Windows' Node under Wine. */
import { type Failure, junitFailures, tapFailures } from "./test-failures.ts";

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Runner {
  /** The command that runs the files and writes a report. */
  readonly argv: (files: readonly string[], report: string) => string[];
  /** The totals in the report that the runner wrote; undefined where they are missing. */
  readonly read: (report: string) => Counts | undefined;
  readonly failures: (report: string) => readonly Failure[];
}

export const bun: Runner = {
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

/** Each file in a process of its own, one after the other; `how` is what makes Node take such files. */
export function nodeArgv(how: readonly string[], files: readonly string[], report: string): string[] {
  return [
    ...[process.execPath, ...how, "--test", "--test-timeout=1200000", "--test-concurrency=1"],
    ...["--test-reporter", "spec", "--test-reporter-destination", "stdout"],
    ...["--test-reporter", "tap", "--test-reporter-destination", report],
    ...files,
  ];
}

export const node: Runner = {
  argv: (files, report) => nodeArgv(["--import", "tsx"], files, report),
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
};

/** Windows' Node under Wine (test/windows/main.ts), which writes the totals as Node's reporter does. */
export const wine: Runner = {
  ...node,
  argv: (files, report) => [process.execPath, "--import", "tsx", "test/windows/main.ts", "--report", report, ...files],
};
