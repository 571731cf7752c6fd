/** Figures of one kind from several rounds, and how they are shown. */

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

/** "median (min to max)", rounded to whole units. */
export function spread(values: readonly number[]): string {
  const [low, middle, high] = [0, 0.5, 1].map((share) => quantile(values, share).toFixed(0));
  return `${middle} (${low} to ${high})`;
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
