import { bool, list, optional, text, u8, u32, u64 } from "../../../../prot/json-codec.ts";
import { field, record } from "../../../../prot/json-record.ts";

const memory = record({
  sizeInMB: field("SizeInMB", u64, "omitempty"),
  /** "Physical", "Virtual" or "Hybrid". */
  backing: field("Backing", text, "omitempty"),
  allowOvercommit: field("AllowOvercommit", bool, "omitempty"),
  enableHotHint: field("EnableHotHint", bool, "omitempty"),
  enableColdHint: field("EnableColdHint", bool, "omitempty"),
  enableColdDiscardHint: field("EnableColdDiscardHint", bool, "omitempty"),
  enableDeferredCommit: field("EnableDeferredCommit", bool, "omitempty"),
  lowMmioGapInMB: field("LowMmioGapInMB", u64, "omitempty"),
  highMmioBaseInMB: field("HighMmioBaseInMB", u64, "omitempty"),
  highMmioGapInMB: field("HighMmioGapInMB", u64, "omitempty"),
  /** "None", "Firmware", "Measured" or "FirmwareFallbackMeasured". */
  slitType: field("SlitType", text, "omitempty"),
});

export const cpuGroup = record({ id: field("Id", text, "omitempty") });

/** Of a running VM; in a document they are members of the processor. */
export const processorLimits = record({
  limit: field("Limit", u64, "omitempty"),
  weight: field("Weight", u64, "omitempty"),
  reservation: field("Reservation", u64, "omitempty"),
  maximumFrequencyMHz: field("MaximumFrequencyMHz", u32, "omitempty"),
});

const processor = record({
  count: field("Count", u32, "omitempty"),
  limit: field("Limit", u64, "omitempty"),
  weight: field("Weight", u64, "omitempty"),
  reservation: field("Reservation", u64, "omitempty"),
  cpuGroup: field("CpuGroup", optional(cpuGroup), "omitempty"),
  // These names are in lower case in HCS's own schema.
  numaProcessorsSettings: field(
    "NumaProcessorsSettings",
    optional(
      record({
        countPerNode: field("count_per_node", record({ max: field("max", u32, "omitempty") })),
        nodePerSocket: field("node_per_socket", u32, "omitempty"),
      }),
    ),
    "omitempty",
  ),
});

const numaSetting = record({
  virtualNodeNumber: field("VirtualNodeNumber", u32, "omitempty"),
  physicalNodeNumber: field("PhysicalNodeNumber", u32, "omitempty"),
  virtualSocketNumber: field("VirtualSocketNumber", u32, "omitempty"),
  countOfProcessors: field("CountOfProcessors", u32, "omitempty"),
  countOfMemoryBlocks: field("CountOfMemoryBlocks", u64, "omitempty"),
  memoryBackingType: field("MemoryBackingType", text, "omitempty"),
});

const numa = record({
  virtualNodeCount: field("VirtualNodeCount", u8, "omitempty"),
  preferredPhysicalNodes: field("PreferredPhysicalNodes", list(u32), "omitempty"),
  settings: field("Settings", list(numaSetting), "omitempty"),
  maxSizePerNode: field("MaxSizePerNode", u64, "omitempty"),
});

export const topology = record({
  memory: field("Memory", optional(memory), "omitempty"),
  processor: field("Processor", optional(processor), "omitempty"),
  numa: field("Numa", optional(numa), "omitempty"),
});
