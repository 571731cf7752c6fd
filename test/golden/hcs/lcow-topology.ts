import type { GoldenCase, Json } from "./case.ts";

const V = "io.microsoft.virtualmachine.";
const T = `${V}computetopology.`;
const P = "VirtualMachine>ComputeTopology>Processor";
const M = "VirtualMachine>ComputeTopology>Memory";

function processors(count: number): Pick<GoldenCase, "gives" | "cmdline"> {
  return { gives: { [`${P}>Count`]: count }, cmdline: [["nr_cpus=2", `nr_cpus=${count}`]] };
}

/** A number is an i32, u32 or u64 here, or a bool: what is none changes nothing. */
function passedOver(name: string, values: readonly string[]): readonly GoldenCase[] {
  return values.map((value) => ({
    shows: `${name.slice(V.length)} ${JSON.stringify(value)} is passed over`,
    annotations: { [name]: value },
    warns: [/is passed over/],
  }));
}

const physical = { [`${T}memory.allowovercommit`]: "false" };
const noOvercommit: Readonly<Record<string, Json | null>> = { [`${M}>AllowOvercommit`]: null };

export const lcowTopology: readonly GoldenCase[] = [
  { shows: "a VM of which nothing is said" },
  { shows: "one processor on a host with one", host: { logicalProcessors: 1 }, ...processors(1) },
  { shows: "processors of the annotation", annotations: { [`${T}processor.count`]: "4" }, ...processors(4) },
  { shows: "processors of the runtime option", options: { vmProcessorCount: 3 }, ...processors(3) },
  {
    shows: "the annotation of processors goes over the option",
    annotations: { [`${T}processor.count`]: "4" },
    options: { vmProcessorCount: 3 },
    ...processors(4),
  },
  {
    shows: "processors of the default annotations",
    options: { defaultContainerAnnotations: new Map([[`${T}processor.count`, "5"]]) },
    ...processors(5),
  },
  {
    shows: "the option of processors goes over the default annotations",
    options: { vmProcessorCount: 3, defaultContainerAnnotations: new Map([[`${T}processor.count`, "5"]]) },
    ...processors(3),
  },
  {
    shows: "the spec's annotation goes over the default annotations",
    annotations: { [`${T}processor.count`]: "4" },
    options: { defaultContainerAnnotations: new Map([[`${T}processor.count`, "5"]]) },
    ...processors(4),
  },
  {
    shows: "more processors than the host has become those",
    annotations: { [`${T}processor.count`]: "16" },
    ...processors(8),
    warns: [/8 processors instead of 16/],
  },
  { shows: "no processors are the default", annotations: { [`${T}processor.count`]: "0" } },
  { shows: "fewer than no processors are the default", annotations: { [`${T}processor.count`]: "-1" } },
  {
    shows: "a bad count of processors leaves the option",
    annotations: { [`${T}processor.count`]: "four" },
    options: { vmProcessorCount: 3 },
    ...processors(3),
    warns: [/processor\.count of vm pod1@vm is "four"/],
  },
  {
    shows: "a count of processors with a sign",
    annotations: { [`${T}processor.count`]: "+3" },
    ...processors(3),
  },
  {
    shows: "processors and memory of the spec's Windows resources",
    windows: { resources: { cpu: { count: 4, maximum: 5000, shares: 700 }, memory: { limit: 2147483648 } } },
    gives: { [`${P}>Count`]: 4, [`${P}>Limit`]: 5000, [`${P}>Weight`]: 700, [`${M}>SizeInMB`]: 2048 },
    cmdline: [["nr_cpus=2", "nr_cpus=4"]],
  },
  {
    shows: "the option goes over the spec's Windows resources",
    windows: { resources: { cpu: { count: 4 } } },
    options: { vmProcessorCount: 3 },
    ...processors(3),
  },
  {
    shows: "the greatest limit of processors",
    annotations: { [`${T}processor.limit`]: "100000" },
    gives: { [`${P}>Limit`]: 100000 },
  },
  {
    shows: "the greatest weight of processors",
    annotations: { [`${T}processor.weight`]: "10000" },
    gives: { [`${P}>Weight`]: 10000 },
  },
  ...passedOver(`${T}processor.count`, ["", " 4", "4.0", "0x4", "2147483648", "1_000"]),
  ...passedOver(`${T}processor.limit`, ["100001", "-1"]),
  ...passedOver(`${T}processor.weight`, ["10001", "-5"]),
  {
    shows: "a CPU group",
    annotations: { [`${V}cpugroup.id`]: "group-a" },
    gives: { [`${P}>CpuGroup`]: { Id: "group-a" } },
  },
  {
    shows: "no CPU group before build 19043",
    annotations: { [`${V}cpugroup.id`]: "group-a" },
    host: { build: 19042 },
    refuses: ["failed-precondition", /CPU group.*19043/],
  },
  {
    shows: "a resource partition, its GUID in lower case",
    annotations: { [`${V}resource-partition-id`]: "A1B2C3D4-0000-1111-2222-333344445555" },
    gives: { "VirtualMachine>ResourcePartitionId": "a1b2c3d4-0000-1111-2222-333344445555" },
  },
  {
    shows: "a resource partition that is no GUID",
    annotations: { [`${V}resource-partition-id`]: "partition-a" },
    refuses: ["invalid-argument", /resource-partition-id of vm pod1@vm is "partition-a", which is no GUID/],
  },
  {
    shows: "a CPU group and a resource partition",
    annotations: {
      [`${V}cpugroup.id`]: "group-a",
      [`${V}resource-partition-id`]: "a1b2c3d4-0000-1111-2222-333344445555",
    },
    refuses: ["invalid-argument", /CPU group or in a resource partition/],
  },
  {
    shows: "memory of the annotation",
    annotations: { [`${T}memory.sizeinmb`]: "4096" },
    gives: { [`${M}>SizeInMB`]: 4096 },
  },
  { shows: "memory of the option", options: { vmMemorySizeInMb: 2048 }, gives: { [`${M}>SizeInMB`]: 2048 } },
  {
    shows: "the annotation of memory goes over the option",
    annotations: { [`${T}memory.sizeinmb`]: "4096" },
    options: { vmMemorySizeInMb: 2048 },
    gives: { [`${M}>SizeInMB`]: 4096 },
  },
  { shows: "no memory is the default", annotations: { [`${T}memory.sizeinmb`]: "0" } },
  { shows: "less than no memory in the option is the default", options: { vmMemorySizeInMb: -2 } },
  {
    shows: "odd memory becomes even",
    annotations: { [`${T}memory.sizeinmb`]: "1023" },
    warns: [/1024 MiB of memory instead of 1023/],
  },
  {
    shows: "the least memory becomes even",
    annotations: { [`${T}memory.sizeinmb`]: "1" },
    gives: { [`${M}>SizeInMB`]: 2 },
    warns: [/2 MiB of memory instead of 1/],
  },
  ...passedOver(`${T}memory.sizeinmb`, ["-1", "+1024", "1Gi", "18446744073709551616"]),
  {
    shows: "MMIO gaps",
    annotations: {
      [`${T}memory.lowmmiogapinmb`]: "256",
      [`${T}memory.highmmiobaseinmb`]: "65536",
      [`${T}memory.highmmiogapinmb`]: "1024",
    },
    gives: { [`${M}>LowMmioGapInMB`]: 256, [`${M}>HighMmioBaseInMB`]: 65536, [`${M}>HighMmioGapInMB`]: 1024 },
  },
  ...passedOver(`${T}memory.lowmmiogapinmb`, ["many"]),
  ...passedOver(`${T}memory.highmmiobaseinmb`, ["-1"]),
  ...passedOver(`${T}memory.highmmiogapinmb`, ["1e3"]),
  {
    shows: "memory without overcommit",
    annotations: physical,
    gives: noOvercommit,
    settings: { "topology>physicallyBackedDevices": false },
  },
  {
    shows: "a VM with physical memory alone",
    annotations: { [`${V}fullyphysicallybacked`]: "true" },
    gives: noOvercommit,
    settings: { "topology>physicallyBackedDevices": true },
  },
  {
    shows: "physical memory goes over overcommit",
    annotations: { [`${V}fullyphysicallybacked`]: "1", [`${T}memory.allowovercommit`]: "true" },
    gives: noOvercommit,
  },
  {
    shows: "deferred commit",
    annotations: { [`${T}memory.enabledeferredcommit`]: "true" },
    gives: { [`${M}>EnableDeferredCommit`]: true },
  },
  {
    shows: "deferred commit of physical memory",
    annotations: { [`${T}memory.enabledeferredcommit`]: "true", [`${V}fullyphysicallybacked`]: "true" },
    refuses: ["invalid-argument", /enabledeferredcommit can't be set/],
  },
  {
    shows: "cold discard hints",
    annotations: { [`${T}memory.enablecolddiscardhint`]: "true" },
    gives: { [`${M}>EnableColdDiscardHint`]: true },
  },
  {
    shows: "no cold discard hints before build 18967",
    annotations: { [`${T}memory.enablecolddiscardhint`]: "true" },
    host: { build: 18966 },
    refuses: ["failed-precondition", /cold discard hints.*18967/],
  },
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => ({
    shows: `${word} is true`,
    annotations: { [`${T}memory.enabledeferredcommit`]: word },
    gives: { [`${M}>EnableDeferredCommit`]: true },
  })),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => ({
    shows: `${word} is false`,
    annotations: { [`${T}memory.allowovercommit`]: word },
    gives: noOvercommit,
  })),
  ...passedOver(`${T}memory.allowovercommit`, ["", "yes", "tRUE", "no", " false"]),
  {
    shows: "both limits of the disks",
    annotations: { [`${V}storageqos.iopsmaximum`]: "500", [`${V}storageqos.bandwidthmaximum`]: "1000000" },
    gives: { "VirtualMachine>StorageQoS": { IopsMaximum: 500, BandwidthMaximum: 1000000 } },
  },
  {
    shows: "a limit of operations alone",
    annotations: { [`${V}storageqos.iopsmaximum`]: "500" },
    gives: { "VirtualMachine>StorageQoS": { IopsMaximum: 500 } },
  },
  {
    shows: "a limit of bandwidth alone",
    annotations: { [`${V}storageqos.bandwidthmaximum`]: "1000000" },
    gives: { "VirtualMachine>StorageQoS": { BandwidthMaximum: 1000000 } },
  },
  {
    shows: "limits of the disks in the spec's Windows resources",
    windows: { resources: { storage: { iops: 70, bps: 9000 } } },
    gives: { "VirtualMachine>StorageQoS": { IopsMaximum: 70, BandwidthMaximum: 9000 } },
  },
  {
    shows: "limits of 0 are none",
    annotations: { [`${V}storageqos.iopsmaximum`]: "0", [`${V}storageqos.bandwidthmaximum`]: "0" },
  },
];
