import { numaNodes } from "../../config/annotations/numa.ts";
import { failedPrecondition, invalidArgument } from "../../errors/shim-error.ts";
import type { AnnotationReader } from "./annotation-reader.ts";
import { Build, type HostFacts } from "./host-facts.ts";

/** Physical node of a virtual one that may lie anywhere. */
const ANY_NODE = 0xff;
const MOST_NODES = 64;

export interface NumaNode {
  /** Of the host; 255: any. */
  readonly physicalNode: number;
  readonly processors: number;
  readonly memoryMiB: bigint;
}

/** Nodes that the platform makes from two limits, or those that are given one by one. */
export type Numa = { readonly preferredNodes: readonly number[] } & (
  | { readonly kind: "implicit"; readonly maxProcessors: number; readonly maxMemoryMiB: bigint }
  | { readonly kind: "explicit"; readonly nodes: readonly NumaNode[] }
);

export interface NumaVm {
  readonly processors: number;
  readonly memoryMiB: bigint;
  readonly allowOvercommit: boolean;
}

/**
 * The virtual NUMA nodes of a VM; undefined where its annotations ask for none, or for half a topology (which is warned
 * of). Throws invalid-argument for a topology that can't be, failed-precondition on a Windows that has none.
 */
export function readNuma(read: AnnotationReader, host: HostFacts, vm: NumaVm): Numa | undefined {
  const maxProcessors = read.u32(numaNodes.maxProcessors, 0);
  const maxMemoryMiB = read.u64(numaNodes.maxSize, 0n);
  const preferredNodes = read.u32List(numaNodes.preferred);
  const mapped = read.u32List(numaNodes.mapped);
  const processors = read.u32List(numaNodes.processors);
  const memory = read.u64List(numaNodes.memoryBlocks);

  if (maxProcessors === 0 && mapped.length === 0) {
    if (maxMemoryMiB > 0n || preferredNodes.length > 0) {
      read.warn(`no NUMA nodes: ${numaNodes.maxProcessors.name} is missing`);
    }
    if (processors.length > 0 || memory.length > 0) read.warn(`no NUMA nodes: ${numaNodes.mapped.name} is missing`);
    return undefined;
  }
  if (host.build < Build.Numa) {
    throw failedPrecondition(`Windows is of build ${host.build}; cannot make NUMA nodes: they need ${Build.Numa}`);
  }
  // hcsshim takes the first of the two without a word, and its sheet calls both an error.
  if (maxProcessors > 0 && mapped.length > 0) {
    throw invalidArgument("NUMA nodes are asked for by limits and one by one: give one of both");
  }
  if (vm.allowOvercommit) throw invalidArgument("NUMA nodes need physical memory: set allowovercommit to false");
  if (maxProcessors > 0) {
    if (maxMemoryMiB > 0n) return { kind: "implicit", maxProcessors, maxMemoryMiB, preferredNodes };
    throw invalidArgument(`${numaNodes.maxProcessors.name} is set: set ${numaNodes.maxSize.name} too`);
  }
  if (processors.length !== mapped.length || memory.length !== mapped.length) {
    throw invalidArgument(
      `${mapped.length} NUMA nodes have ${processors.length} counts of processors and ${memory.length} of memory`,
    );
  }
  const nodes = mapped.map((physicalNode, i) => ({
    physicalNode,
    processors: processors[i] ?? 0,
    memoryMiB: memory[i] ?? 0n,
  }));
  checkNodes(nodes, vm);
  return { kind: "explicit", nodes, preferredNodes };
}

function checkNodes(nodes: readonly NumaNode[], vm: NumaVm): void {
  if (nodes.length > MOST_NODES) throw invalidArgument(`${nodes.length} NUMA nodes: there can be ${MOST_NODES}`);
  const anywhere = nodes.filter(({ physicalNode }) => physicalNode === ANY_NODE);
  if (anywhere.length > 0 && anywhere.length < nodes.length) {
    throw invalidArgument(`some NUMA nodes may lie anywhere (${ANY_NODE}), some have their place: all or none`);
  }
  for (const [i, { physicalNode, memoryMiB }] of nodes.entries()) {
    if (physicalNode !== ANY_NODE && physicalNode >= MOST_NODES) {
      throw invalidArgument(`NUMA node ${i} lies on node ${physicalNode} of the host: there can be ${MOST_NODES}`);
    }
    if (memoryMiB === 0n) throw invalidArgument(`NUMA node ${i} has no memory`);
  }
  const processors = nodes.reduce((sum, node) => sum + node.processors, 0);
  const memoryMiB = nodes.reduce((sum, node) => sum + node.memoryMiB, 0n);
  if (processors === 0) throw invalidArgument("the NUMA nodes have memory, but no processors");
  if (processors !== vm.processors) {
    throw invalidArgument(`the NUMA nodes have ${processors} processors, the VM ${vm.processors}`);
  }
  if (memoryMiB !== vm.memoryMiB) throw invalidArgument(`the NUMA nodes have ${memoryMiB} MiB, the VM ${vm.memoryMiB}`);
}
