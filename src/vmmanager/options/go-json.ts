import type { Codec } from "../../prot/json-codec.ts";
import { parseAt } from "../../prot/json-codec.ts";
import type { Fields, RecordCodec } from "../../prot/json-record.ts";

/**
 * JSON of an annotation, as Go's encoding/json reads it: names of members in any case. Throws invalid-argument; `at` names
 * the annotation there.
 */
export function readGoJson<T, Init>(codec: Codec<T, Init>, names: ReadonlySet<string>, text: string, at: string): T {
  const value = parseAt(text, at);
  return value === null ? codec.zero : codec.decode(withNames(value, names), at);
}

/** The names that records, and the records in them, have on the wire. */
export function wireNames(...codecs: readonly RecordCodec<Fields>[]): ReadonlySet<string> {
  return new Set(codecs.flatMap(({ fields }) => Object.values(fields).map(({ wireName }) => wireName)));
}

function withNames(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((entry) => withNames(entry, names));
  if (typeof value !== "object" || value === null) return value;
  const byCase = new Map([...names].map((name) => [name.toLowerCase(), name]));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [byCase.get(name.toLowerCase()) ?? name, withNames(member, names)]),
  );
}
