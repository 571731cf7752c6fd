import { type Span, TRACKS } from "./span.ts";

const MAX_LINE = 4096;
const MAX_FIELDS = 16;

/** One line of JSON, without its line break. */
export function encodeSpan({ track, name, start, duration, fields }: Span): string {
  return JSON.stringify({ track, name, start, duration, ...fields });
}

/** Undefined for what is no span: the line may come out of a guest, or be the half of one that was killed. */
export function decodeSpan(line: string): Span | undefined {
  if (line.length > MAX_LINE) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { track, name, start, duration, ...rest } = value as Readonly<Record<string, unknown>>;
  const known = TRACKS.find((one) => one === track);
  if (known === undefined || typeof name !== "string" || !isTime(start) || !isTime(duration)) return undefined;
  const fields = Object.entries(rest).filter((field): field is [string, string | number | boolean] =>
    ["string", "number", "boolean"].includes(typeof field[1]),
  );
  const told = fields.length === 0 ? {} : { fields: Object.fromEntries(fields.slice(0, MAX_FIELDS)) };
  return { track: known, name: name.slice(0, 200), start, duration, ...told };
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
