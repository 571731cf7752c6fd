import { bool, optional, text } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";

export const guestState = record({
  guestStateFilePath: field("GuestStateFilePath", text, "omitempty"),
  /** "FileMode" or "BlockStorage". */
  guestStateFileType: field("GuestStateFileType", text, "omitempty"),
  runtimeStateFilePath: field("RuntimeStateFilePath", text, "omitempty"),
  /** The files are templates, and are not written to. */
  forceTransientState: field("ForceTransientState", bool, "omitempty"),
});

export const securitySettings = record({
  enableTpm: field("EnableTpm", bool, "omitempty"),
  isolation: field(
    "Isolation",
    optional(
      record({
        isolationType: field("IsolationType", text, "omitempty"),
        /** Base64: the platform signs it, the guest's reports carry it. */
        launchData: field("LaunchData", text, "omitempty"),
        hclEnabled: field("HclEnabled", optional(bool), "omitempty"),
      }),
    ),
    "omitempty",
  ),
});
