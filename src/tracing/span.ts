/** Who did it: a track of its own in the picture. */
export const TRACKS = ["client", "start", "daemon", "vm", "bridge", "kernel", "guest", "runc", "delete"] as const;
export type Track = (typeof TRACKS)[number];

export type SpanFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Something that was done, and how long it took. */
export interface Span {
  readonly track: Track;
  readonly name: string;
  /** Microseconds since 1970, of the host's clock; of a VM's guest: since its kernel began to count. */
  readonly start: number;
  /** Microseconds. */
  readonly duration: number;
  readonly fields?: SpanFields;
}

/** Takes spans as they end. Never throws: who does the work has no part in it. */
export type Recorder = (span: Span) => void;

let recorder: Recorder | undefined;
let now: () => number = hostNow;

/** For the whole process, from now on; undefined: nothing is recorded, as it is without a call. `clock`: in microseconds. */
export function recordSpans(into: Recorder | undefined, clock: () => number = hostNow): void {
  recorder = into;
  now = clock;
}

/** For what costs something by itself. */
export function isRecording(): boolean {
  return recorder !== undefined;
}

const nothing = (): void => undefined;

/** Begins a span that ends with the call of what is returned. While nothing is recorded it costs a comparison. */
export function beginSpan(track: Track, name: string, fields?: SpanFields): (more?: SpanFields) => void {
  if (recorder === undefined) return nothing;
  const start = now();
  return (more) => recorder?.(span(track, name, start, now() - start, { ...fields, ...more }));
}

/** A span as long as `work`; one that fails has the field `error`. */
export async function spanOf<T>(track: Track, name: string, work: () => Promise<T>, fields?: SpanFields): Promise<T> {
  if (recorder === undefined) return await work();
  const end = beginSpan(track, name, fields);
  try {
    const result = await work();
    end();
    return result;
  } catch (error) {
    end({ error: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

/** One whose times are known already. */
export function recordSpan(whole: Span): void {
  recorder?.(whole);
}

let begun = performance.timeOrigin;

/** What `recordUntilNow` counts from: else the begin of this process. */
export function beginNow(): void {
  begun = performance.timeOrigin + performance.now();
}

/** One that began with this process, or at `beginNow`, and ends now. */
export function recordUntilNow(track: Track, name: string, fields?: SpanFields): void {
  if (recorder === undefined) return;
  const start = Math.round(begun * 1000);
  recorder(span(track, name, start, hostNow() - start, { ...fields }));
}

/** Of a clock that never goes back: it is one process's spans that must not overlap by a clock that was set. */
export function hostNow(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}

function span(track: Track, name: string, start: number, duration: number, fields: SpanFields): Span {
  return { track, name, start, duration, ...(Object.keys(fields).length > 0 && { fields }) };
}
