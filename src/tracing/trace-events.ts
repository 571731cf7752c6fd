import { lanesOf } from "./lanes.ts";
import { type Span, TRACKS } from "./span.ts";

/** An event of Chrome's trace format, as Perfetto and chrome://tracing read it: a whole span (X) or a name (M). */
export type TraceEvent =
  | {
      readonly ph: "X";
      readonly name: string;
      readonly cat: string;
      /** Microseconds. */
      readonly ts: number;
      readonly dur: number;
      readonly pid: number;
      readonly tid: number;
      readonly args: Readonly<Record<string, unknown>>;
    }
  | {
      readonly ph: "M";
      readonly name: "process_name" | "thread_name" | "process_sort_index";
      readonly pid: number;
      readonly tid: number;
      readonly args: Readonly<Record<string, unknown>>;
    };

export interface Trace {
  readonly displayTimeUnit: "ms";
  readonly traceEvents: readonly TraceEvent[];
  /** For people. */
  readonly otherData: Readonly<Record<string, string>>;
}

/** A track is a process of the trace, a lane a thread: no two spans of one thread lie across each other, as the format wants. */
export function traceOf(spans: readonly Span[], otherData: Readonly<Record<string, string>> = {}): Trace {
  const events: TraceEvent[] = [];
  const counts = new Map<string, number>();
  for (const { track, spans: own } of lanesOf(spans)) {
    const pid = TRACKS.indexOf(track) + 1;
    const tid = (counts.get(track) ?? 0) + 1;
    counts.set(track, tid);
    if (tid === 1) {
      events.push({ ph: "M", name: "process_name", pid, tid: 0, args: { name: track } });
      events.push({ ph: "M", name: "process_sort_index", pid, tid: 0, args: { sort_index: pid } });
    }
    events.push({ ph: "M", name: "thread_name", pid, tid, args: { name: `${track} ${tid}` } });
    for (const { name, start, duration, fields = {} } of own) {
      events.push({ ph: "X", name, cat: track, ts: start, dur: duration, pid, tid, args: fields });
    }
  }
  return { displayTimeUnit: "ms", traceEvents: events, otherData };
}
