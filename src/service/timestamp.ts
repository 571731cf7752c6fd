import { Timestamp } from "../generated/google/protobuf.ts";

/** Milliseconds are all that a Date knows. */
export function timestampOf(date: Date): Timestamp {
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1000);
  return Timestamp.create({ seconds: BigInt(seconds), nanos: (ms - seconds * 1000) * 1_000_000 });
}
