import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onHostClock } from "../../../src/tracing/guest-clock.ts";
import { type Span, TRACKS } from "../../../src/tracing/span.ts";
import { timelineSvg } from "../../../src/tracing/timeline-svg.ts";
import { traceOf } from "../../../src/tracing/trace-events.ts";

export interface WrittenTrace {
  /** For ui.perfetto.dev and chrome://tracing. */
  readonly trace: string;
  readonly picture: string;
  readonly spans: number;
  /** Microseconds by which the guest's spans may be off; undefined: it has no clock of its own, or told nothing. */
  readonly guestClockError?: number;
  /** By track, in milliseconds: from its first begin to its last end. */
  readonly stages: readonly { readonly track: string; readonly spans: number; readonly milliseconds: number }[];
}

/** Writes `trace.json` and `stages.svg` into a directory that is there. */
export function writeTrace(directory: string, title: string, raw: readonly Span[]): WrittenTrace {
  const { spans, error } = onHostClock(raw);
  const trace = join(directory, "trace.json");
  const picture = join(directory, "stages.svg");
  const clock = error === undefined ? {} : { "guest clock": `within ${error / 1000} ms` };
  writeFileSync(trace, `${JSON.stringify(traceOf(spans, { title, ...clock }))}\n`);
  writeFileSync(picture, timelineSvg(spans, title));
  const stages = TRACKS.flatMap((track) => {
    const own = spans.filter((span) => span.track === track);
    if (own.length === 0) return [];
    const begin = Math.min(...own.map(({ start }) => start));
    const end = Math.max(...own.map(({ start, duration }) => start + duration));
    return [{ track, spans: own.length, milliseconds: Math.round((end - begin) / 100) / 10 }];
  });
  return { trace, picture, spans: spans.length, ...(error !== undefined && { guestClockError: error }), stages };
}
