import type { Span } from "./span.ts";

/** What is on a clock of a VM's own. */
const ofGuest = (span: Span): boolean =>
  (span.track === "guest" || span.track === "runc" || span.track === "kernel") && span.fields?.clock === "guest";

/**
 * Spans of a VM's guest, put on the host's clock. A request that the guest served lies within the same request (field
 * `id`) as the host saw it; each pair bounds how far the clocks are apart, and the middle of what all pairs leave is taken.
 * Half of what is left is the error, in microseconds. Without a pair the guest's spans can't be placed, and are left out.
 */
export function onHostClock(spans: readonly Span[]): { readonly spans: Span[]; readonly error?: number } {
  const host = new Map(spans.filter(({ track }) => track === "bridge").map((span) => [span.fields?.id, span]));
  let [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const served of spans.filter((span) => span.track === "guest" && ofGuest(span))) {
    const asked = served.fields?.id === undefined ? undefined : host.get(served.fields.id);
    if (asked === undefined) continue;
    least = Math.max(least, asked.start - served.start);
    most = Math.min(most, asked.start + asked.duration - served.start - served.duration);
  }
  const others = spans.filter((span) => !ofGuest(span));
  if (!Number.isFinite(least) || !Number.isFinite(most)) return { spans: others };
  const offset = Math.round((least + most) / 2);
  const moved = spans.filter(ofGuest).map((span) => ({ ...span, start: span.start + offset }));
  return { spans: [...others, ...moved], error: Math.round(Math.abs(most - least) / 2) };
}
