import { invalidArgument } from "../../../../errors/shim-error.ts";
import { bool, type Codec, type InitOf, optional, text, u8, u32 } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";

/** A double. */
const number: Codec<number> = {
  zero: 0,
  decode(value, at) {
    if (typeof value !== "number") throw invalidArgument(`${at} is no number`);
    return value;
  },
  encode: (value) => value,
  isEmpty: (value) => value === 0,
};

/** How the memory's transfer slows the VM down; what is undefined is HCS's own. */
const throttling = record({
  skipThrottling: field("SkipThrottling", optional(bool), "omitempty"),
  /** Percent, 1 to 100. */
  throttlingScale: field("ThrottlingScale", optional(number), "omitempty"),
  minimumThrottlePercentage: field("MinimumThrottlePercentage", optional(u8), "omitempty"),
  targetNumberOfBrownoutTransferPasses: field("TargetNumberOfBrownoutTransferPasses", optional(u32), "omitempty"),
  startingBrownoutPassNumberForThrottling: field("StartingBrownoutPassNumberForThrottling", optional(u32), "omitempty"),
  maximumNumberOfBrownoutTransferPasses: field("MaximumNumberOfBrownoutTransferPasses", optional(u32), "omitempty"),
  targetBlackoutTransferTime: field("TargetBlackoutTransferTime", optional(u32), "omitempty"),
  blackoutTimeThresholdForCancellingMigration: field(
    "BlackoutTimeThresholdForCancellingMigration",
    optional(u32),
    "omitempty",
  ),
});

/** MigrationInitializeOptions: how a VM's live migration begins, at either end. */
export const migrationOptions = record({
  /** "Source" or "Destination". */
  origin: field("Origin", text, "omitempty"),
  /** "TCP". */
  memoryTransport: field("MemoryTransport", text, "omitempty"),
  memoryTransferThrottleParams: field("MemoryTransferThrottleParams", optional(throttling), "omitempty"),
  compressionSettings: field(
    "CompressionSettings",
    optional(record({ throttleWorkerCount: field("ThrottleWorkerCount", optional(u32), "omitempty") })),
    "omitempty",
  ),
  checksumVerification: field("ChecksumVerification", bool, "omitempty"),
  perfTracingEnabled: field("PerfTracingEnabled", bool, "omitempty"),
  cancelIfBlackoutThresholdExceeds: field("CancelIfBlackoutThresholdExceeds", bool, "omitempty"),
  prepareMemoryTransferMode: field("PrepareMemoryTransferMode", bool, "omitempty"),
  /** Of the source's processor and VM; base64. */
  compatibilityData: field(
    "CompatibilityData",
    optional(record({ data: field("Data", text, "omitempty") })),
    "omitempty",
  ),
});
export type MigrationOptionsInit = InitOf<typeof migrationOptions>;
