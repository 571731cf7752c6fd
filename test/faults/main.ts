/**
 * `main.ts [--stack local|qemu] [WORD...]`: plays the fault matrix, or the rows whose name has one of the words, and prints
 * it as a table. Exits 1 where anything was seen that was not expected, or anything was left.
 */
import { parseArgs } from "node:util";
import { rowsOn } from "./matrix.ts";
import { type Outcome, Stage } from "./stage.ts";

const { values, positionals: words } = parseArgs({ allowPositionals: true, options: { stack: { type: "string" } } });
const stacks = (["local", "qemu"] as const).filter((name) => values.stack === undefined || values.stack === name);
if (stacks.length === 0) throw new Error(`the fault matrix has no stack ${values.stack}: use local or qemu`);

const line = (...cells: readonly (string | number)[]): void => {
  process.stdout.write(
    `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |\n`,
  );
};
const seenOf = ({ expected, seen }: Outcome): string => (seen === expected ? "as expected" : `**${seen}**`);

let played = 0;
let wrong = 0;
line("fault", "stack", "expected", "seen", "ms", "leaks");
line("---", "---", "---", "---", "---", "---");
for (const name of stacks) {
  const stage = new Stage(name);
  try {
    for (const row of rowsOn(name)) {
      if (words.length > 0 && !words.some((word) => row.fault.includes(word))) continue;
      const outcome = await stage.play(row);
      const { expected, seen, milliseconds, leaks } = outcome;
      line(row.fault, name, expected, seenOf(outcome), milliseconds.toFixed(0), leaks.length);
      for (const told of outcome.told) process.stderr.write(`  ${told}\n`);
      for (const leak of leaks) process.stderr.write(`  left: ${leak}\n`);
      played += 1;
      if (seen !== expected || leaks.length > 0) wrong += 1;
    }
  } finally {
    await stage.close();
  }
}
process.stdout.write(`${played} faults, ${wrong} not as expected\n`);
process.exitCode = wrong === 0 && played > 0 ? 0 : 1;
