import { rows } from "./annotation.ts";

const implicit = rows("vm", "io.microsoft.virtualmachine.computetopology.processor.numa.");
const numa = rows("vm", "io.microsoft.virtualmachine.computetopology.numa.");
const MIB = { unit: "MiB" };

/** Virtual NUMA nodes: made by the platform from two limits (the first two), or given one by one (the last three). */
export const numaNodes = {
  maxProcessors: implicit("max-processors-per-node", "u32", "both", "0: no nodes", "Processors of one node."),
  maxSize: implicit("max-size-per-node", "u64", "both", "0: no nodes", "Memory of one node.", MIB),
  preferred: numa("preferred-physical-nodes", "u32 list", "both", "none", "Nodes of the host to take first."),
  mapped: numa("mapped-physical-nodes", "u32 list", "both", "none", "Each node's node of the host; 255: any."),
  processors: numa("count-of-processors", "u32 list", "both", "none", "Processors of each node."),
  memoryBlocks: numa("count-of-memory-blocks", "u64 list", "both", "none", "Memory of each node.", MIB),
};
