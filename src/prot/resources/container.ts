import { anyObject, oneOf, optional, type TypeOf } from "../json-codec.ts";
import { field, record } from "../json-record.ts";

/** ContainerConstraints (Update, on a container): OCI WindowsResources (an empty object for Linux) and LinuxResources. */
export const containerConstraints = record({
  windows: field("Windows", anyObject),
  linux: field("Linux", optional(anyObject), "omitempty"),
});
export type ContainerConstraints = TypeOf<typeof containerConstraints>;

/** Freezer (Update, on a container): ours, gated by FreezerSupported. */
export const freezer = record({
  state: field("State", oneOf(["Thawed", "Frozen"], "Thawed")),
});
export type Freezer = TypeOf<typeof freezer>;
