import { invalidArgument } from "../../../errors/shim-error.ts";
import { bool, i32, optional, parseAt, text, u32, u64 } from "../../../prot/json-codec.ts";
import { field, record } from "../../../prot/json-record.ts";
import type { UvmProperties, UvmStatistics } from "../../properties.ts";

/** A page of AssignedMemory, whatever the guest's own are. */
const PAGE = 4096n;

/** The queries of hcsshim: of what every system tells, and of a VM's use of its host. */
export const BASIC_QUERY = "{}";
export const STATISTICS_QUERY = '{"PropertyTypes":["Statistics","Memory"]}';

const memoryAccount = record({
  availableMemory: field("AvailableMemory", i32),
  availableMemoryBuffer: field("AvailableMemoryBuffer", i32),
  reservedMemory: field("ReservedMemory", u64),
  assignedMemory: field("AssignedMemory", u64),
  slpActive: field("SlpActive", bool),
  balancingEnabled: field("BalancingEnabled", bool),
  dmOperationInProgress: field("DmOperationInProgress", bool),
});

const properties = record({
  runtimeId: field("RuntimeId", text),
  owner: field("Owner", text),
  state: field("State", text),
  stopped: field("Stopped", bool),
  memory: field(
    "Memory",
    optional(
      record({
        virtualNodeCount: field("VirtualNodeCount", u32),
        virtualMachineMemory: field("VirtualMachineMemory", memoryAccount),
      }),
    ),
  ),
  statistics: field(
    "Statistics",
    optional(
      record({
        processor: field("Processor", record({ total: field("TotalRuntime100ns", u64) })),
        memory: field("Memory", record({ workingSet: field("MemoryUsagePrivateWorkingSetBytes", u64) })),
      }),
    ),
  ),
});

const states: Readonly<Record<string, UvmProperties["state"]>> = {
  Created: "created",
  Running: "running",
  Paused: "paused",
  SavedAsTemplate: "paused",
  Stopped: "ended",
};

export interface HcsProperties {
  /** A GUID: the VM's address for Hyper-V sockets. */
  readonly runtimeId: string;
  readonly owner: string;
  /** Undefined where this Windows does not tell. */
  readonly state?: UvmProperties["state"];
}

/** Throws invalid-argument for what is no Properties document. */
export function readProperties(document: string): HcsProperties {
  const { runtimeId, owner, state, stopped } = decode(document);
  const known = stopped ? "ended" : Object.hasOwn(states, state) ? states[state] : undefined;
  return { runtimeId, owner, ...(known && { state: known }) };
}

/**
 * HCS counts the virtual processors alone, and tells no working set of a VM whose memory is the page file's: what is
 * assigned then stands for it.
 */
export function readStatistics(document: string): UvmStatistics {
  const { memory, statistics } = decode(document);
  if (statistics === undefined || memory === undefined) {
    throw invalidArgument("the properties of the VM have no statistics, or no memory");
  }
  const { virtualNodeCount, virtualMachineMemory: account } = memory;
  const assignedBytes = account.assignedMemory * PAGE;
  const totalNs = statistics.processor.total * 100n;
  return {
    memory: {
      ...{ assignedBytes, workingSetBytes: statistics.memory.workingSet || assignedBytes },
      ...{ virtualNodeCount, account },
    },
    processor: { totalNs, guestNs: totalNs },
  };
}

function decode(document: string) {
  return properties.decode(parseAt(document, "Properties"), "Properties");
}
