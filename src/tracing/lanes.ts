import { type Span, TRACKS, type Track } from "./span.ts";

/** A track's spans that stand in each other and never across: one line of a picture, one thread of a trace. */
export interface Lane {
  readonly track: Track;
  readonly spans: readonly Span[];
}

/** Spreads each track's spans over as few lanes as it finds, in the order of TRACKS. */
export function lanesOf(spans: readonly Span[]): Lane[] {
  return TRACKS.flatMap((track) => {
    const own = spans
      .filter((span) => span.track === track)
      .sort((a, b) => a.start - b.start || b.duration - a.duration);
    const lanes: { spans: Span[]; open: number[] }[] = [];
    for (const span of own) {
      const end = span.start + span.duration;
      const lane = lanes.find(({ open }) => {
        while (open.length > 0 && (open.at(-1) ?? 0) <= span.start) open.pop();
        return open.length === 0 || end <= (open.at(-1) ?? 0);
      });
      if (lane === undefined) lanes.push({ spans: [span], open: [end] });
      else {
        lane.spans.push(span);
        lane.open.push(end);
      }
    }
    return lanes.map(({ spans }) => ({ track, spans }));
  });
}
