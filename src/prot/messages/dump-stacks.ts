import { type TypeOf, text } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import { messageResponseBaseFields } from "./base.ts";

export const dumpStacksResponse = record({
  ...messageResponseBaseFields,
  guestStacks: field("GuestStacks", text),
});
export type DumpStacksResponse = TypeOf<typeof dumpStacksResponse>;
