import { type TypeOf, text, u32 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";

/** MappedSocket: ours. A unix socket in the guest whose connections the guest dials through to a port of the host. */
export const mappedSocket = record({
  path: field("Path", text, "omitempty"),
  port: field("Port", u32, "omitempty"),
  /** Permission bits and owner, as on the host: connecting needs the right to write. */
  mode: field("Mode", u32, "omitempty"),
  uid: field("Uid", u32, "omitempty"),
  gid: field("Gid", u32, "omitempty"),
});
export type MappedSocket = TypeOf<typeof mappedSocket>;
