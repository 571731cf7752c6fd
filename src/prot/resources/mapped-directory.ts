import { bool, i32, type TypeOf, text } from "../json-codec.ts";
import { field, record } from "../json-record.ts";

/** MappedDirectory, LCOW: a Plan9 share on a port of the host. */
export const lcowMappedDirectory = record({
  mountPath: field("MountPath", text, "omitempty"),
  port: field("Port", i32, "omitempty"),
  shareName: field("ShareName", text, "omitempty"),
  readOnly: field("ReadOnly", bool, "omitempty"),
});
export type LcowMappedDirectory = TypeOf<typeof lcowMappedDirectory>;
