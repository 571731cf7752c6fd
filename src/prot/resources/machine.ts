import { type TypeOf, text, u32, u64 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";

/** Resume (Update, on the guest): ours, gated by ResumeSupported. The VM stood still, or was saved and restored. */
export const resume = record({
  /** The host's clock: nanoseconds since 1970 in UTC. 0: the guest keeps its own. */
  unixNanoseconds: field("UnixNanoseconds", u64, "omitempty"),
  /** Random bytes in base64: a VM that is restored twice has twice the same generator. */
  entropy: field("Entropy", text, "omitempty"),
});
export type Resume = TypeOf<typeof resume>;

/** Processors (Update, on the guest): ours, gated by ProcessorsSupported. So many are to be online, once they are plugged in. */
export const processors = record({ count: field("Count", u32) });
export type Processors = TypeOf<typeof processors>;
