import { median } from "./figures.ts";
import { targets } from "./targets.ts";

/** One thing that was measured, beside a peer that was run in turn with it in the same invocation. */
export interface Metric {
  /** Names it for good: in targets.ts, missed.ts and performance.json. */
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly ours: readonly number[];
  /** Left out where there is nothing to compare with. */
  readonly peer?: { readonly name: string; readonly values: readonly number[] };
}

/** What could not be measured, and why. */
export interface Failure {
  readonly what: string;
  readonly why: string;
}

/** A part of the page: its heading and what was measured for it. */
export interface Section {
  readonly title: string;
  /** What was run, in a sentence or two. */
  readonly about: string;
  readonly metrics: readonly Metric[];
  readonly failures: readonly Failure[];
}

/** Of the medians, ours to the peer's; undefined without a peer. */
export function ratio({ ours, peer }: Metric): number | undefined {
  return peer === undefined ? undefined : median(ours) / median(peer.values);
}

/** Whether the metric's target is met; undefined where it has none. A target is for the ratio, else for the figure. */
export function isMet(metric: Metric): boolean | undefined {
  const target = targets[metric.id];
  if (target === undefined) return undefined;
  const value = ratio(metric) ?? median(metric.ours);
  return "atMost" in target ? value <= target.atMost : value >= target.atLeast;
}

/** Whether figures came of it: a division by nothing, or a line of a log that was not there, gives none. */
export function isWhole({ ours, peer }: Metric): boolean {
  const whole = (values: readonly number[]): boolean => values.length > 0 && values.every(Number.isFinite);
  return whole(ours) && (peer === undefined || whole(peer.values));
}
