/** docs/performance.md, .json and .svg: written by a whole run of the bench. */
import { readFileSync, writeFileSync } from "node:fs";
import { chart } from "./chart.ts";
import { circumstances } from "./circumstances.ts";
import { median, quantile, rounded, spread, table } from "./figures.ts";
import { isMet, type Metric, ratio, type Section } from "./metric.ts";
import { missed } from "./missed.ts";
import { targets } from "./targets.ts";

const PAGE = "docs/performance.md";

/** The section as Markdown: its table, and why its targets are missed where they are. */
export function sectionText({ title, about, metrics }: Section): string {
  const rows = metrics.map((metric) => [
    metric.title,
    `${spread(metric.ours)} ${metric.unit}`,
    metric.peer === undefined ? "-" : `${spread(metric.peer.values)} ${metric.unit}`,
    metric.peer?.name ?? "-",
    rounded(ratio(metric) ?? Number.NaN),
    targetText(metric),
  ]);
  const head = ["metric", "ours: median (range)", "peer: median (range)", "peer", "ratio", "target"];
  const reasons = metrics
    .filter((metric) => isMet(metric) === false)
    .map((metric) => `- ${metric.title}: ${missed[metric.id] ?? "no reason is recorded."}`);
  return [
    `## ${title}`,
    about,
    table(head, rows),
    ...(reasons.length === 0 ? [] : [`Missed, and why:\n\n${reasons.join("\n")}`]),
  ].join("\n\n");
}

function targetText(metric: Metric): string {
  const target = targets[metric.id];
  if (target === undefined) return "-";
  const bound = "atMost" in target ? `<= ${target.atMost}` : `>= ${target.atLeast}`;
  return `${bound}: ${isMet(metric) ? "met" : "**missed**"}`;
}

export async function writePage(sections: readonly Section[]): Promise<void> {
  const around = await circumstances();
  const metrics = sections.flatMap((section) => section.metrics);
  const aimed = metrics.filter((metric) => isMet(metric) !== undefined);
  const met = aimed.filter((metric) => isMet(metric) === true);
  const text = [
    `${met.length} of ${aimed.length} targets are met. ${around.text}`,
    "![ratio to the peer of every metric that has a target](performance.svg)",
    ...sections.map(sectionText),
  ].join("\n\n");
  const page = readFileSync(PAGE, "utf8");
  const marks = /(<!-- measured -->\n)[\s\S]*?(<!-- end -->)/;
  if (!marks.test(page)) throw new Error(`${PAGE} has no place for what is measured`);
  writeFileSync(
    PAGE,
    page.replace(marks, (_, head: string, tail: string) => `${head}\n${text}\n\n${tail}`),
  );
  writeFileSync("docs/performance.svg", chart(aimed));
  const figures = (values: readonly number[]) => ({
    ...{ median: digits(median(values)), min: digits(Math.min(...values)), max: digits(Math.max(...values)) },
    ...{ p25: digits(quantile(values, 0.25)), p75: digits(quantile(values, 0.75)), rounds: values.length },
  });
  const data = {
    ...around.data,
    metrics: metrics.map((metric) => ({
      ...{ id: metric.id, title: metric.title, unit: metric.unit, ours: figures(metric.ours) },
      ...(metric.peer === undefined ? {} : { peer: { name: metric.peer.name, ...figures(metric.peer.values) } }),
      ...(metric.peer === undefined ? {} : { ratio: digits(ratio(metric) ?? Number.NaN) }),
      ...(targets[metric.id] === undefined ? {} : { target: targets[metric.id], met: isMet(metric) }),
    })),
  };
  writeFileSync("docs/performance.json", `${JSON.stringify(data, null, 2)}\n`);
}

function digits(value: number): number {
  return Number(value.toPrecision(4));
}
