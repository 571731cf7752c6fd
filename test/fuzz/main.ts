/**
 * `main.ts [--inputs N | --seconds S] [--seed S] [--jobs N] [TARGET...]` fuzzes the targets (default: all), each in a process
 * of its own: N inputs in all, divided by weight, or S seconds a target. One input in ten goes to Node, the rest to Bun, which
 * is what ships. Ends with a table; exits with 1 where anything was found.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Report } from "./runner.ts";
import { targets } from "./targets.ts";

const NODES_PART = 0.1;

interface Job {
  readonly name: string;
  readonly runtime: "bun" | "node";
  readonly inputs: number;
  readonly seconds: number;
}

interface Line extends Job {
  readonly report: Omit<Report, "findings"> | undefined;
  readonly code: number | null;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: "string" },
    seconds: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    jobs: { type: "string", default: String(availableParallelism()) },
  },
});

const commands = {
  bun: [`node_modules/@oven/bun-linux-${process.arch === "arm64" ? "aarch64" : "x64"}/bin/bun`],
  node: [process.execPath, "--import", "tsx"],
} as const;

async function plan(): Promise<Job[]> {
  const names = positionals.length > 0 ? positionals : Object.keys(targets);
  const opened = await Promise.all(
    names.map(async (name) => {
      const open = targets[name];
      if (open === undefined) throw new Error(`no target ${name}; there are ${Object.keys(targets).join(", ")}`);
      const { weight, close } = await open();
      await close?.();
      return { name, weight };
    }),
  );
  const total = opened.reduce((sum, { weight }) => sum + weight, 0);
  const wanted = values.inputs === undefined ? Number.POSITIVE_INFINITY : Number(values.inputs);
  const seconds = Number(values.seconds ?? (values.inputs === undefined ? 60 : Number.POSITIVE_INFINITY));
  const jobs = opened.flatMap(({ name, weight }): Job[] => {
    const inputs = (wanted * weight) / total;
    return [
      { name, runtime: "bun", inputs: Math.ceil(inputs * (1 - NODES_PART)), seconds: seconds * (1 - NODES_PART) },
      { name, runtime: "node", inputs: Math.ceil(inputs * NODES_PART), seconds: seconds * NODES_PART },
    ];
  });
  return jobs;
}

async function run(job: Job): Promise<Line> {
  const [command, ...flags] = commands[job.runtime];
  const argv = [...flags, join("test", "fuzz", "one.ts"), job.name, "--seed", values.seed];
  argv.push("--inputs", String(job.inputs), "--seconds", String(job.seconds));
  const child = spawn(command, argv, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  const last = output.trim().split("\n").at(-1) ?? "";
  const report = last.startsWith("{") ? (JSON.parse(last) as Line["report"]) : undefined;
  const line = { ...job, code, report };
  process.stdout.write(`${row(line)}\n`);
  return line;
}

function row({ name, runtime, code, report }: Line): string {
  const start = `${name.padEnd(13)} ${runtime.padEnd(5)}`;
  if (report === undefined) return `${start} died (${code})`;
  const { inputs, seconds, outcomes, longestMs, growthBytes } = report;
  const kinds = Object.entries(outcomes).sort(([, a], [, b]) => b - a);
  return [
    start,
    String(inputs).padStart(8),
    String(Math.round(inputs / seconds)).padStart(8),
    longestMs.toFixed(1).padStart(8),
    (growthBytes / (1 << 20)).toFixed(0).padStart(7),
    ` ${kinds.map(([kind, count]) => `${kind} ${count}`).join(", ")}`,
  ].join(" ");
}

const jobs = await plan();
const lines: Line[] = [];
process.stdout.write(
  `seed ${values.seed}\n${"target".padEnd(13)} in      inputs inputs/s   max ms +MiB RSS  outcomes\n`,
);
await Promise.all(
  Array.from({ length: Number(values.jobs) }, async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) lines.push(await run(job));
  }),
);
const inputs = lines.reduce((sum, { report }) => sum + (report?.inputs ?? 0), 0);
const bad = lines.filter(({ code }) => code !== 0).length;
process.stdout.write(
  `${inputs} inputs, ${bad === 0 ? "nothing found" : `${bad} of ${lines.length} runs found something`}\n`,
);
process.exitCode = bad === 0 ? 0 : 1;
