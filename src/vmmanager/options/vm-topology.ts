import { topology } from "../../config/annotations/topology.ts";
import { failedPrecondition, invalidArgument } from "../../errors/shim-error.ts";
import type { Options } from "../../generated/containerd/runhcs/v1.ts";
import type { AnnotationReader } from "./annotation-reader.ts";
import { Build, type HostFacts } from "./host-facts.ts";
import { type Numa, readNuma } from "./numa.ts";
import type { WindowsResources } from "./windows-resources.ts";

const DEFAULT_MEMORY_MIB = 1024n;

/** Zero members: the platform's own. */
export interface VmTopology {
  readonly processors: number;
  /** Of each processor, in 1/1000 %. */
  readonly processorLimit: number;
  readonly processorWeight: number;
  readonly cpuGroup?: string;
  readonly resourcePartition?: string;
  readonly memoryMiB: bigint;
  readonly allowOvercommit: boolean;
  readonly deferredCommit: boolean;
  readonly coldDiscardHint: boolean;
  readonly lowMmioGapMiB: bigint;
  readonly highMmioBaseMiB: bigint;
  readonly highMmioGapMiB: bigint;
  /** Devices that are added later have physical memory too. */
  readonly physicallyBackedDevices: boolean;
  readonly numa?: Numa;
  readonly storageIops: number;
  /** Bytes per second. */
  readonly storageBandwidth: number;
}

export interface TopologyRequest {
  readonly read: AnnotationReader;
  readonly options: Options;
  readonly resources: WindowsResources;
  readonly host: HostFacts;
  readonly guest: "LCOW" | "WCOW";
  /** Of a confidential VM: its memory is never overcommitted, and that of LCOW has no NUMA nodes. */
  readonly isolated: boolean;
  /** Default 1024. */
  readonly defaultMemoryMiB?: bigint;
}

/**
 * Processors, memory and limits of a VM. Throws invalid-argument for what contradicts itself, failed-precondition for what
 * this Windows can't do.
 */
export function readTopology(request: TopologyRequest): VmTopology {
  const { read, resources, host, guest, isolated } = request;
  const processors = processorCount(request);
  const memoryMiB = memorySize(request);
  const cpuGroup = read.text(topology.cpuGroup);
  if (cpuGroup !== "" && host.build < Build.CpuGroups) {
    throw failedPrecondition(
      `Windows is of build ${host.build}; cannot make a VM in a CPU group: it needs ${Build.CpuGroups}`,
    );
  }
  const resourcePartition = read.guid(topology.resourcePartition);
  if (cpuGroup !== "" && resourcePartition !== undefined) {
    throw invalidArgument("a VM is either in a CPU group or in a resource partition: both are set");
  }
  const physicallyBackedDevices = read.bool(topology.physicallyBacked, false);
  const allowOvercommit = read.bool(topology.allowOvercommit, true) && !physicallyBackedDevices && !isolated;
  const deferredCommit = read.bool(topology.deferredCommit, false);
  if (deferredCommit && !allowOvercommit) {
    throw invalidArgument("memory without overcommit is committed at the start: enabledeferredcommit can't be set");
  }
  const coldDiscardHint = guest === "LCOW" && read.bool(topology.coldDiscardHint, false);
  if (coldDiscardHint && host.build < Build.ColdDiscardHint) {
    throw failedPrecondition(
      `Windows is of build ${host.build}; cannot give cold discard hints: they need ${Build.ColdDiscardHint}`,
    );
  }
  const numa =
    guest === "LCOW" && isolated ? undefined : readNuma(read, host, { processors, memoryMiB, allowOvercommit });
  return {
    processors,
    processorLimit: read.i32(topology.processorLimit, 0) || resources.processorLimit,
    processorWeight: read.i32(topology.processorWeight, 0) || resources.processorWeight,
    ...(cpuGroup === "" ? {} : { cpuGroup }),
    ...(resourcePartition === undefined ? {} : { resourcePartition }),
    ...{ memoryMiB, allowOvercommit, deferredCommit, coldDiscardHint, physicallyBackedDevices },
    lowMmioGapMiB: read.u64(topology.lowMmioGap, 0n),
    highMmioBaseMiB: read.u64(topology.highMmioBase, 0n),
    highMmioGapMiB: read.u64(topology.highMmioGap, 0n),
    ...(numa === undefined ? {} : { numa }),
    storageIops: Math.max(0, read.i32(topology.storageIops, 0) || resources.storageIops),
    storageBandwidth: Math.max(0, read.i32(topology.storageBandwidth, 0) || resources.storageBandwidth),
  };
}

/** A count of 0 or less is none; more than the host has become those, as Docker's users know it. */
function processorCount({ read, options, resources, host }: TopologyRequest): number {
  const asked = read.i32(topology.processorCount, options.vmProcessorCount);
  const fallback = host.logicalProcessors === 1 ? 1 : 2;
  const wanted = asked > 0 ? asked : resources.processors > 0 ? resources.processors : fallback;
  if (wanted <= host.logicalProcessors) return wanted;
  read.warn(`the VM gets ${host.logicalProcessors} processors instead of ${wanted}: the host has no more`);
  return host.logicalProcessors;
}

/** MiB, even: HCS takes no odd size. */
function memorySize({ read, options, resources, defaultMemoryMiB = DEFAULT_MEMORY_MIB }: TopologyRequest): bigint {
  // hcsshim reads a negative option as a size of nearly 2^64.
  const option = BigInt(Math.max(0, options.vmMemorySizeInMb));
  const asked = read.u64(topology.memorySize, option) || resources.memoryMiB || defaultMemoryMiB;
  // The sum of hcsshim's runs over for the last odd size.
  const even = asked === 0xffff_ffff_ffff_ffffn ? asked - 1n : asked + (asked & 1n);
  if (even !== asked) read.warn(`the VM gets ${even} MiB of memory instead of ${asked}: HCS takes even sizes`);
  return even;
}
