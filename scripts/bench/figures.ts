/** Figures of one kind from several rounds, and how they are shown. */

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** NaN where there are no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

/** Three figures that count, as people read them: 1234, 12.3, 0.123. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return "-";
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** "median (min to max)"; the median alone where there is one value. */
export function spread(values: readonly number[]): string {
  const [low, middle, high] = [0, 0.5, 1].map((share) => rounded(quantile(values, share)));
  return values.length < 2 ? (middle ?? "-") : `${middle} (${low} to ${high})`;
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
