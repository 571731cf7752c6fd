import { median } from "./figures.ts";
import { isMet, type Metric, ratio } from "./metric.ts";
import { targets } from "./targets.ts";

const LEFT = 300;
const WIDTH = 520;
const ROW = 26;
/** The scale is logarithmic, from a hundredth to a hundredfold. */
const DECADES = 2;

/** A picture of the metrics that have targets: a bar from 1, which is the peer, to our ratio, and a mark at the target. */
export function chart(metrics: readonly Metric[]): string {
  const height = (metrics.length + 2) * ROW;
  const rows = metrics.map((metric, index) => row(metric, (index + 1.5) * ROW));
  const grid = [0.01, 0.1, 1, 10, 100].map(
    (value) =>
      `<line x1="${x(value)}" x2="${x(value)}" y1="${ROW}" y2="${height - ROW / 2}" stroke="#ccc"/>` +
      `<text x="${x(value)}" y="${ROW - 8}" text-anchor="middle">${value}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 120}" height="${height}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...grid,
    ...rows,
    "</svg>\n",
  ].join("\n");
}

function row(metric: Metric, y: number): string {
  const value = ratio(metric) ?? median(metric.ours);
  const target = targets[metric.id];
  const bound = target === undefined ? 1 : "atMost" in target ? target.atMost : target.atLeast;
  const [from, to] = [x(1), x(value)];
  const fill = isMet(metric) ? "#2a7" : "#c63";
  return [
    `<text x="${LEFT - 10}" y="${y + 4}" text-anchor="end">${escaped(metric.title)}</text>`,
    `<rect x="${Math.min(from, to)}" y="${y - 7}" width="${Math.max(1, Math.abs(to - from))}" height="14" fill="${fill}"/>`,
    `<line x1="${x(bound)}" x2="${x(bound)}" y1="${y - 10}" y2="${y + 10}" stroke="#000" stroke-width="2"/>`,
    `<text x="${LEFT + WIDTH + 10}" y="${y + 4}">${value.toPrecision(3)} (${target !== undefined && "atMost" in target ? "≤" : "≥"} ${bound})</text>`,
  ].join("");
}

function x(value: number): number {
  const decades = Math.max(-DECADES, Math.min(DECADES, Math.log10(value)));
  return Math.round(LEFT + ((decades + DECADES) / (2 * DECADES)) * WIDTH);
}

function escaped(text: string): string {
  return text.replaceAll("`", "").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
