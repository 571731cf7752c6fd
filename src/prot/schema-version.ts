import { type TypeOf, u32 } from "./json-codec.ts";
import { field, record } from "./json-record.ts";

/** The version of the schema that a document is written in. */
export const schemaVersion = record({
  major: field("Major", u32, "omitempty"),
  minor: field("Minor", u32, "omitempty"),
});
export type SchemaVersion = TypeOf<typeof schemaVersion>;

/** -1, 0 or 1, as a < b, a = b, a > b. */
export function compareSchemaVersions(a: SchemaVersion, b: SchemaVersion): -1 | 0 | 1 {
  const difference = a.major - b.major || a.minor - b.minor;
  return difference < 0 ? -1 : difference > 0 ? 1 : 0;
}
