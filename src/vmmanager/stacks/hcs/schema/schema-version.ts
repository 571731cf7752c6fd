import { i32 } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";

/** Of the HCS schema, or of a VM. */
export const schemaVersion = record({
  major: field("Major", i32, "omitempty"),
  minor: field("Minor", i32, "omitempty"),
});
