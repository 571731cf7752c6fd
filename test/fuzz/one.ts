/**
 * `one.ts TARGET [--inputs N] [--seconds S] [--seed S] [--from I]` fuzzes one target in this process and prints its report as
 * one line of JSON. What is found goes to stderr, with the command that shows it again, and its input to out/fuzz: kept in the
 * corpus, it is a test. Exits with 1 where there is something.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Finding, fuzz } from "./runner.ts";
import { targets } from "./targets.ts";
import { startWatchdog } from "./watchdog.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: "string", default: "Infinity" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
  },
});
const [name = ""] = positionals;
const open = targets[name];
if (open === undefined) throw new Error(`no such target; there are ${Object.keys(targets).join(", ")}`);
const run = {
  seed: Number(values.seed),
  from: Number(values.from),
  inputs: Number(values.inputs),
  seconds: Number(values.seconds),
};

const again = `test/fuzz/one.ts ${name} --seed ${run.seed}`;
const watchdog = startWatchdog(again);
const target = await open();
const { findings, ...report } = await fuzz(target, run, { watchdog, found: tell });
await target.close?.();
await watchdog.stop();
process.stdout.write(`${JSON.stringify({ name, ...report })}\n`);
process.exit(findings.length === 0 ? 0 : 1);

function tell({ index, input, error }: Finding): void {
  const directory = join("out", "fuzz", name);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `seed-${run.seed}-input-${index}`);
  writeFileSync(file, input);
  const told = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${again} --from ${index} --inputs 1: ${input.length} bytes in ${file}\n${told}\n`);
}
