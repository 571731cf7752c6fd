import { rows } from "./annotation.ts";

const vm = rows("vm", "io.microsoft.virtualmachine.");
const processor = rows("vm", "io.microsoft.virtualmachine.computetopology.processor.");
const memory = rows("vm", "io.microsoft.virtualmachine.computetopology.memory.");
const MIB = { unit: "MiB" };
/** Stacks whose VMs are sized by the pod's own specs. */
const SIZED = { stacks: ["hcs", "qemu", "remotevm"] } as const;

/** Processors, memory and storage limits of a VM. */
export const topology = {
  processorCount: processor(
    "count",
    ...(["i32", "both", "hcs: 2, or 1 on a host with one; else as configured", "Virtual processors."] as const),
    SIZED,
  ),
  processorLimit: processor("limit", "i32", "both", "0: none", "How much of each processor may be used.", {
    unit: "1/1000 %",
    range: [0, 100_000],
  }),
  processorWeight: processor("weight", "i32", "both", "0: the platform's", "Weight against other VMs' processors.", {
    range: [0, 10_000],
  }),
  cpuGroup: vm("cpugroup.id", "text", "both", "none", "CPU group of the host; build 19043 and later."),
  resourcePartition: vm("resource-partition-id", "guid", "both", "none", "Not together with a CPU group."),
  memorySize: memory("sizeinmb", "u64", "both", "hcs: 1024; else as configured", "Memory; hcs makes it even.", {
    ...MIB,
    ...SIZED,
  }),
  allowOvercommit: memory("allowovercommit", "bool", "both", "true", "Memory is backed by the page file."),
  deferredCommit: memory("enabledeferredcommit", "bool", "both", "false", "Commit on first use; needs overcommit."),
  coldDiscardHint: memory("enablecolddiscardhint", "bool", "LCOW", "false", "Pages come back; build 18967 and later."),
  lowMmioGap: memory("lowmmiogapinmb", "u64", "both", "0: the platform's", "MMIO space below 4 GiB.", MIB),
  highMmioBase: memory("highmmiobaseinmb", "u64", "both", "0: the platform's", "Where the high MMIO space is.", MIB),
  highMmioGap: memory("highmmiogapinmb", "u64", "both", "0: the platform's", "How big the high MMIO space is.", MIB),
  physicallyBacked: vm("fullyphysicallybacked", "bool", "both", "false", "Memory and devices without overcommit."),
  storageBandwidth: vm("storageqos.bandwidthmaximum", "i32", "both", "0: none", "Limit of all disks together.", {
    unit: "bytes/s",
  }),
  storageIops: vm("storageqos.iopsmaximum", "i32", "both", "0: none", "Limit of all disks together.", { unit: "1/s" }),
};
