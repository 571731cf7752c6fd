import type { InitOf } from "../../../../prot/json-codec.ts";
import type { Numa } from "../../../options/numa.ts";
import type { VmTopology } from "../../../options/vm-topology.ts";
import type { ComputeSystemInit } from "../schema/compute-system.ts";
import type { topology } from "../schema/topology.ts";

type TopologyInit = InitOf<typeof topology>;
type VirtualMachineInit = NonNullable<ComputeSystemInit["virtualMachine"]>;

/** ComputeTopology. `hotHint`: the guest may ask for pages beforehand, WCOW. */
export function topologyDocument(vm: VmTopology, hotHint: boolean): TopologyInit {
  const { numa } = vm;
  return {
    memory: {
      sizeInMB: vm.memoryMiB,
      allowOvercommit: vm.allowOvercommit,
      enableHotHint: hotHint && vm.allowOvercommit,
      enableColdDiscardHint: vm.coldDiscardHint,
      enableDeferredCommit: vm.deferredCommit,
      lowMmioGapInMB: vm.lowMmioGapMiB,
      highMmioBaseInMB: vm.highMmioBaseMiB,
      highMmioGapInMB: vm.highMmioGapMiB,
      // The guest reads the distances of its nodes in ACPI.
      slitType: numa === undefined ? "" : "FirmwareFallbackMeasured",
    },
    processor: {
      count: vm.processors,
      limit: BigInt(vm.processorLimit),
      weight: BigInt(vm.processorWeight),
      cpuGroup: vm.cpuGroup === undefined ? undefined : { id: vm.cpuGroup },
      numaProcessorsSettings: numa?.kind === "implicit" ? { countPerNode: { max: numa.maxProcessors } } : undefined,
    },
    numa: numa === undefined ? undefined : numaDocument(numa),
  };
}

function numaDocument(numa: Numa): NonNullable<TopologyInit["numa"]> {
  const preferredPhysicalNodes = numa.preferredNodes;
  if (numa.kind === "implicit") return { preferredPhysicalNodes, maxSizePerNode: numa.maxMemoryMiB };
  return {
    virtualNodeCount: numa.nodes.length,
    preferredPhysicalNodes,
    settings: numa.nodes.map((node, i) => ({
      virtualNodeNumber: i,
      physicalNodeNumber: node.physicalNode,
      virtualSocketNumber: i,
      countOfProcessors: node.processors,
      countOfMemoryBlocks: node.memoryMiB,
      memoryBackingType: "Physical",
    })),
  };
}

/** StorageQoS: absent where nothing is limited. */
export function storageQos(vm: VmTopology): VirtualMachineInit["storageQoS"] {
  if (vm.storageIops === 0 && vm.storageBandwidth === 0) return undefined;
  return { iopsMaximum: vm.storageIops, bandwidthMaximum: vm.storageBandwidth };
}
