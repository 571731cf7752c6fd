import type { CallOptions } from "./lifetime.ts";

/** HCS's own account of a VM's memory (hcsshim's VirtualMachineMemory), as HCS tells it: AssignedMemory is in pages of 4096 bytes. */
export interface MemoryAccount {
  readonly availableMemory: number;
  readonly availableMemoryBuffer: number;
  readonly reservedMemory: bigint;
  readonly assignedMemory: bigint;
  readonly slpActive: boolean;
  readonly balancingEnabled: boolean;
  readonly dmOperationInProgress: boolean;
}

export interface UvmStatistics {
  readonly memory: {
    /** What the guest was given. */
    readonly assignedBytes: bigint;
    /** What the host spends on it now. */
    readonly workingSetBytes: bigint;
    /** Of stack hcs alone, as the next. */
    readonly virtualNodeCount?: number;
    readonly account?: MemoryAccount;
  };
  readonly processor: {
    /** Of the virtualization stack's processes, all threads. */
    readonly totalNs: bigint;
    /** Of its virtual processors' threads: the guest's part of the total. */
    readonly guestNs: bigint;
  };
}

export interface UvmProperties {
  readonly state: "created" | "running" | "paused" | "ended";
  /** Of the VM's own process; undefined where it has none. */
  readonly pid?: number;
  readonly startedAt?: Date;
  /** By name of the part, for people: versions, machine type, acceleration. */
  readonly details: Readonly<Record<string, string>>;
}

export interface PropertyManager {
  statistics(options?: CallOptions): Promise<UvmStatistics>;
  properties(options?: CallOptions): Promise<UvmProperties>;
}
