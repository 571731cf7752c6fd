/**
 * `make bench`: figures for people, each beside a peer that was measured in turn with it. Nothing passes or fails by
 * them; it ends with 1 where something could not be measured. A whole run writes docs/performance.{md,json,svg}.
 *
 *   main.ts [--quick] [--only NAME[,NAME...]] [--patience N]
 *
 * --quick: fewer rounds, without the slow parts, --only: some parts; both are only printed. --patience: times all bounds, for a busy machine.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chart } from "./chart.ts";
import { circumstances } from "./circumstances.ts";
import { isMet, type Section } from "./metric.ts";
import { pageData, pageText, sectionText, withMeasured } from "./page.ts";
import { runPart } from "./part-process.ts";
import { parts } from "./parts.ts";
import { busyNow, percentBetween, processorTime } from "./processor-time.ts";

const PAGE = "docs/performance.md";
/** With more of the processors' time in others' hands, in percent, figures are those of another machine. */
const QUIET = 10;

const { values } = parseArgs({
  options: { quick: { type: "boolean" }, only: { type: "string" }, patience: { type: "string" } },
});
const only = values.only?.split(",");
const unknown = only?.find((name) => !(name in parts));
if (unknown !== undefined) throw new Error(`no part "${unknown}" of the bench: ${Object.keys(parts).join(", ")}`);
const patience = Number(values.patience ?? 1);
if (!(patience >= 1)) throw new Error(`--patience ${values.patience} is no number from 1 on`);
const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`);

const around = await circumstances();
const busy = await busyNow();
say(`${around.text} ${busyText(busy)}`);
const before = processorTime();
const begin = performance.now();
const sections: Section[] = [];
let interrupted = false;
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => (interrupted = true));
for (const [name, { title, about, seconds, slow }] of Object.entries(parts)) {
  if (interrupted || !(only?.includes(name) ?? !(values.quick === true && slow))) continue;
  const since = performance.now();
  const outcome = await runPart([name, `${patience}`, ...(values.quick === true ? ["--quick"] : [])], {
    seconds: seconds * patience,
  });
  const section = { title, about, ...outcome };
  sections.push(section);
  process.stdout.write(`${sectionText(section)}\n\n`);
  say(`${name} took ${((performance.now() - since) / 1000).toFixed(0)} s`);
}
const { stolen } = percentBetween(before, processorTime());
const minutes = (performance.now() - begin) / 60_000;
const machine = `${busyText(busy)} Of the ${minutes.toFixed(1)} minutes that it took, this machine's own host took ${stolen.toFixed(1)} %.`;
say(machine);
if (values.quick !== true && only === undefined && !interrupted) {
  const page = withMeasured(readFileSync(PAGE, "utf8"), pageText(sections, `${around.text} ${machine}`));
  writeFileSync(PAGE, page);
  const aimed = sections.flatMap(({ metrics }) => metrics).filter((metric) => isMet(metric) !== undefined);
  writeFileSync("docs/performance.svg", chart(aimed));
  const data = pageData(sections, { ...around.data, busyBefore: busy, stolen, minutes });
  writeFileSync("docs/performance.json", `${JSON.stringify(data, null, 2)}\n`);
}
const failures = sections.flatMap((section) => section.failures);
for (const { what, why } of failures) say(`not measured: ${what}: ${why}`);
process.exitCode = failures.length > 0 || interrupted ? 1 : 0;

function busyText(percent: number): string {
  const text = `When it began, other work had ${percent.toFixed(0)} % of the processors.`;
  return percent > QUIET ? `${text} **That is no quiet machine: ratios may be wrong, and times are.**` : text;
}
