/** What is measured, as text and as data: for the terminal, docs/performance.md and docs/performance.json. */
import { median, quantile, rounded, spread, table } from "./figures.ts";
import { isMet, type Metric, ratio, type Section } from "./metric.ts";
import { missed } from "./missed.ts";
import { targets } from "./targets.ts";

/** The section as Markdown: its table, and why its targets are missed where they are. */
export function sectionText(
  { title, about, metrics, failures }: Section,
  reasons: Readonly<Record<string, string>> = missed,
): string {
  const rows = metrics.map((metric) => [
    metric.title,
    `${spread(metric.ours)} ${metric.unit}`,
    metric.peer === undefined ? "-" : `${spread(metric.peer.values)} ${metric.unit}`,
    metric.peer?.name ?? "-",
    rounded(ratio(metric) ?? Number.NaN),
    targetText(metric),
  ]);
  const failed = failures.map(({ what, why }) => [what, `**not measured**: ${cell(why)}`, "-", "-", "-", "-"]);
  const head = ["metric", "ours: median (range)", "peer: median (range)", "peer", "ratio", "target"];
  const lines = metrics
    .filter((metric) => isMet(metric) === false)
    .map((metric) => `- ${metric.title}: ${reasons[metric.id] ?? "missed, no reason given."}`);
  return [
    `## ${title}`,
    about,
    table(head, [...rows, ...failed]),
    ...(lines.length === 0 ? [] : [`Missed, and why:\n\n${lines.join("\n")}`]),
  ].join("\n\n");
}

function targetText(metric: Metric): string {
  const target = targets[metric.id];
  if (target === undefined) return "-";
  const bound = "atMost" in target ? `<= ${target.atMost}` : `>= ${target.atLeast}`;
  return `${bound}: ${isMet(metric) ? "met" : "**missed**"}`;
}

/** An error in one cell. */
function cell(why: string): string {
  const line = why.replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}

/** All that was measured, under how it was. */
export function pageText(sections: readonly Section[], around: string): string {
  const metrics = sections.flatMap((section) => section.metrics);
  const ids = metrics.map(({ id }) => id);
  const absent = Object.keys(targets).filter((id) => !ids.includes(id));
  const met = metrics.filter((metric) => isMet(metric) === true).length;
  const summary = `${met} of ${Object.keys(targets).length} targets are met.`;
  const unknown = absent.length === 0 ? "" : ` Not measured: ${absent.map((id) => `\`${id}\``).join(", ")}.`;
  return [
    `${summary}${unknown} ${around}`,
    "![ratio to the peer of every metric that has a target](performance.svg)",
    ...sections.map((section) => sectionText(section)),
  ].join("\n\n");
}

/** The page with `text` between its marks. */
export function withMeasured(page: string, text: string): string {
  const marks = /(<!-- measured -->\n)[\s\S]*?(<!-- end -->)/;
  if (!marks.test(page)) throw new Error("the page of the bench has no place for what is measured");
  return page.replace(marks, (_, head: string, tail: string) => `${head}\n${text}\n\n${tail}`);
}

export function pageData(sections: readonly Section[], around: Readonly<Record<string, unknown>>): object {
  const figures = (values: readonly number[]) => ({
    ...{ median: digits(median(values)), min: digits(Math.min(...values)), max: digits(Math.max(...values)) },
    ...{ p25: digits(quantile(values, 0.25)), p75: digits(quantile(values, 0.75)), rounds: values.length },
  });
  return {
    ...around,
    metrics: sections
      .flatMap((section) => section.metrics)
      .map((metric) => ({
        ...{ id: metric.id, title: metric.title, unit: metric.unit, ours: figures(metric.ours) },
        ...(metric.peer === undefined ? {} : { peer: { name: metric.peer.name, ...figures(metric.peer.values) } }),
        ...(metric.peer === undefined ? {} : { ratio: digits(ratio(metric) ?? Number.NaN) }),
        ...(targets[metric.id] === undefined ? {} : { target: targets[metric.id], met: isMet(metric) }),
      })),
    failures: sections.flatMap(({ title, failures }) => failures.map((failure) => ({ section: title, ...failure }))),
  };
}

function digits(value: number): number {
  return Number(value.toPrecision(4));
}
