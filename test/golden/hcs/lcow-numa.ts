import type { GoldenCase, Json } from "./case.ts";

const T = "io.microsoft.virtualmachine.computetopology.";
const C = "VirtualMachine>ComputeTopology";
const PHYSICAL = { [`${T}memory.allowovercommit`]: "false" };
const MEASURED: Readonly<Record<string, Json | null>> = {
  [`${C}>Memory>AllowOvercommit`]: null,
  [`${C}>Memory>SlitType`]: "FirmwareFallbackMeasured",
};

const implicit = {
  ...PHYSICAL,
  [`${T}processor.numa.max-processors-per-node`]: "4",
  [`${T}processor.numa.max-size-per-node`]: "512",
};
const implicitGives = {
  ...MEASURED,
  [`${C}>Processor>NumaProcessorsSettings`]: { count_per_node: { max: 4 } },
  [`${C}>Numa`]: { MaxSizePerNode: 512 },
};

const explicit = (mapped: string, processors: string, memory: string): Readonly<Record<string, string>> => ({
  ...PHYSICAL,
  [`${T}numa.mapped-physical-nodes`]: mapped,
  [`${T}numa.count-of-processors`]: processors,
  [`${T}numa.count-of-memory-blocks`]: memory,
});

/** Zeros are not written: those of the first node are missing. */
const node = (i: number, physical: number, processors: number, memory: number): Json => ({
  ...(i === 0 ? {} : { VirtualNodeNumber: i, VirtualSocketNumber: i }),
  ...(physical === 0 ? {} : { PhysicalNodeNumber: physical }),
  ...(processors === 0 ? {} : { CountOfProcessors: processors }),
  CountOfMemoryBlocks: memory,
  MemoryBackingType: "Physical",
});

const refused = (shows: string, annotations: Readonly<Record<string, string>>, message: RegExp): GoldenCase => ({
  ...{ shows, annotations, refuses: ["invalid-argument", message] },
});

export const lcowNuma: readonly GoldenCase[] = [
  { shows: "nodes made by the platform", annotations: implicit, gives: implicitGives },
  {
    shows: "nodes made by the platform, on some of the host's first",
    annotations: { ...implicit, [`${T}numa.preferred-physical-nodes`]: "1,0" },
    gives: { ...implicitGives, [`${C}>Numa`]: { PreferredPhysicalNodes: [1, 0], MaxSizePerNode: 512 } },
  },
  refused(
    "nodes made by the platform without a size",
    { ...PHYSICAL, [`${T}processor.numa.max-processors-per-node`]: "4" },
    /max-size-per-node/,
  ),
  {
    shows: "two nodes, one by one",
    annotations: explicit("0,1", "1,1", "512,512"),
    gives: {
      ...MEASURED,
      [`${C}>Numa`]: { VirtualNodeCount: 2, Settings: [node(0, 0, 1, 512), node(1, 1, 1, 512)] },
    },
  },
  {
    shows: "two unlike nodes",
    annotations: explicit("3,2", "2,0", "1000,24"),
    gives: {
      ...MEASURED,
      [`${C}>Numa`]: { VirtualNodeCount: 2, Settings: [node(0, 3, 2, 1000), node(1, 2, 0, 24)] },
    },
  },
  {
    shows: "one node",
    annotations: explicit("0", "2", "1024"),
    gives: { ...MEASURED, [`${C}>Numa`]: { VirtualNodeCount: 1, Settings: [node(0, 0, 2, 1024)] } },
  },
  {
    shows: "nodes that may lie anywhere",
    annotations: explicit("255,255", "1,1", "512,512"),
    gives: {
      ...MEASURED,
      [`${C}>Numa`]: { VirtualNodeCount: 2, Settings: [node(0, 255, 1, 512), node(1, 255, 1, 512)] },
    },
  },
  {
    shows: "nodes one by one, with nodes of the host to take first",
    annotations: { ...explicit("0,1", "1,1", "512,512"), [`${T}numa.preferred-physical-nodes`]: "1" },
    gives: {
      ...MEASURED,
      [`${C}>Numa`]: {
        ...{ VirtualNodeCount: 2, PreferredPhysicalNodes: [1], Settings: [node(0, 0, 1, 512), node(1, 1, 1, 512)] },
      },
    },
  },
  {
    shows: "the last node of a host",
    annotations: explicit("63", "2", "1024"),
    gives: { ...MEASURED, [`${C}>Numa`]: { VirtualNodeCount: 1, Settings: [node(0, 63, 2, 1024)] } },
  },
  refused("a node that no host has", explicit("64", "2", "1024"), /node 64 of the host/),
  refused("some nodes anywhere, some not", explicit("255,0", "1,1", "512,512"), /all or none/),
  refused("a node without memory", explicit("0,1", "1,1", "1024,0"), /node 1 has no memory/),
  refused("nodes without processors", explicit("0,1", "0,0", "512,512"), /no processors/),
  refused("lists of unlike length", explicit("0,1", "2", "512,512"), /2 NUMA nodes have 1 counts of processors and 2/),
  refused("more processors than the VM", explicit("0,1", "2,2", "512,512"), /have 4 processors, the VM 2/),
  refused("less memory than the VM", explicit("0,1", "1,1", "512,256"), /have 768 MiB, the VM 1024/),
  refused(
    "more nodes than there can be",
    explicit(Array(65).fill("0").join(), Array(65).fill("1").join(), Array(65).fill("1").join()),
    /65 NUMA nodes: there can be 64/,
  ),
  refused("both kinds of nodes", { ...implicit, ...explicit("0", "2", "1024") }, /give one of both/),
  refused(
    "nodes of virtual memory",
    { ...implicit, [`${T}memory.allowovercommit`]: "true" },
    /set allowovercommit to false/,
  ),
  {
    shows: "no nodes before build 26100",
    annotations: implicit,
    host: { build: 26099 },
    refuses: ["failed-precondition", /26100/],
  },
  {
    shows: "half of what the platform needs makes no nodes",
    annotations: {
      [`${T}processor.numa.max-size-per-node`]: "512",
      [`${T}numa.preferred-physical-nodes`]: "0",
    },
    warns: [/max-processors-per-node is missing/],
  },
  {
    shows: "nodes without their places are none",
    annotations: { [`${T}numa.count-of-processors`]: "1,1", [`${T}numa.count-of-memory-blocks`]: "512,512" },
    warns: [/mapped-physical-nodes is missing/],
  },
  {
    shows: "a list with one bad entry is passed over whole",
    annotations: { [`${T}numa.mapped-physical-nodes`]: "0,x" },
    warns: [/mapped-physical-nodes of vm pod1@vm is "0,x".*passed over/],
  },
  {
    shows: "an empty list is none",
    annotations: { [`${T}numa.preferred-physical-nodes`]: "" },
  },
  {
    shows: "a device near its memory, nodes made by the platform",
    annotations: implicit,
    windows: { devices: [{ id: "PCI\\A", idType: "vpci" }] },
    gives: {
      ...implicitGives,
      "VirtualMachine>Devices>VirtualPci": {
        "guid-0": { Functions: [{ DeviceInstancePath: "PCI\\A" }], PropagateNumaAffinity: true },
      },
    },
  },
];
