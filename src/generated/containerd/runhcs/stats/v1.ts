// Generated from proto/ (package containerd.runhcs.stats.v1) by scripts/generate-proto. Do not edit.

import { Timestamp } from "../../../google/protobuf.ts";
import { Metrics } from "../../../io/containerd/cgroups/v1.ts";
import { type MessageType, endOf, finish, messageType, readUint64, writeInt64 } from "../../../wire.ts";

/** What Stats answers on Windows: of a container, and with a pod's own task of its VM, too. */
export interface Statistics {
  windows?: WindowsContainerStatistics | undefined;
  linux?: Metrics | undefined;
  vm?: VirtualMachineStatistics | undefined;
}
export const Statistics: MessageType<Statistics> = messageType<Statistics>(
  "containerd.runhcs.stats.v1.Statistics",
  () => ({ windows: undefined, linux: undefined, vm: undefined }),
  (m, w) => {
    if (m.windows !== undefined) {
      w.uint32(10).fork();
      WindowsContainerStatistics.write(m.windows, w);
      w.ldelim();
    }
    if (m.linux !== undefined) {
      w.uint32(18).fork();
      Metrics.write(m.linux, w);
      w.ldelim();
    }
    if (m.vm !== undefined) {
      w.uint32(26).fork();
      VirtualMachineStatistics.write(m.vm, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.windows = WindowsContainerStatistics.read(r, endOf(r, end), m.windows ?? WindowsContainerStatistics.create());
          break;
        case 18:
          m.linux = Metrics.read(r, endOf(r, end), m.linux ?? Metrics.create());
          break;
        case 26:
          m.vm = VirtualMachineStatistics.read(r, endOf(r, end), m.vm ?? VirtualMachineStatistics.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface WindowsContainerStatistics {
  timestamp?: Timestamp | undefined;
  containerStartTime?: Timestamp | undefined;
  uptimeNs: bigint;
  processor?: WindowsContainerProcessorStatistics | undefined;
  memory?: WindowsContainerMemoryStatistics | undefined;
  storage?: WindowsContainerStorageStatistics | undefined;
}
export const WindowsContainerStatistics: MessageType<WindowsContainerStatistics> = messageType<WindowsContainerStatistics>(
  "containerd.runhcs.stats.v1.WindowsContainerStatistics",
  () => ({ timestamp: undefined, containerStartTime: undefined, uptimeNs: 0n, processor: undefined, memory: undefined, storage: undefined }),
  (m, w) => {
    if (m.timestamp !== undefined) {
      w.uint32(10).fork();
      Timestamp.write(m.timestamp, w);
      w.ldelim();
    }
    if (m.containerStartTime !== undefined) {
      w.uint32(18).fork();
      Timestamp.write(m.containerStartTime, w);
      w.ldelim();
    }
    if (m.uptimeNs !== 0n) writeInt64(w.uint32(24), m.uptimeNs);
    if (m.processor !== undefined) {
      w.uint32(34).fork();
      WindowsContainerProcessorStatistics.write(m.processor, w);
      w.ldelim();
    }
    if (m.memory !== undefined) {
      w.uint32(42).fork();
      WindowsContainerMemoryStatistics.write(m.memory, w);
      w.ldelim();
    }
    if (m.storage !== undefined) {
      w.uint32(50).fork();
      WindowsContainerStorageStatistics.write(m.storage, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.timestamp = Timestamp.read(r, endOf(r, end), m.timestamp ?? Timestamp.create());
          break;
        case 18:
          m.containerStartTime = Timestamp.read(r, endOf(r, end), m.containerStartTime ?? Timestamp.create());
          break;
        case 24:
          m.uptimeNs = readUint64(r);
          break;
        case 34:
          m.processor = WindowsContainerProcessorStatistics.read(r, endOf(r, end), m.processor ?? WindowsContainerProcessorStatistics.create());
          break;
        case 42:
          m.memory = WindowsContainerMemoryStatistics.read(r, endOf(r, end), m.memory ?? WindowsContainerMemoryStatistics.create());
          break;
        case 50:
          m.storage = WindowsContainerStorageStatistics.read(r, endOf(r, end), m.storage ?? WindowsContainerStorageStatistics.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface WindowsContainerProcessorStatistics {
  totalRuntimeNs: bigint;
  runtimeUserNs: bigint;
  runtimeKernelNs: bigint;
}
export const WindowsContainerProcessorStatistics: MessageType<WindowsContainerProcessorStatistics> = messageType<WindowsContainerProcessorStatistics>(
  "containerd.runhcs.stats.v1.WindowsContainerProcessorStatistics",
  () => ({ totalRuntimeNs: 0n, runtimeUserNs: 0n, runtimeKernelNs: 0n }),
  (m, w) => {
    if (m.totalRuntimeNs !== 0n) writeInt64(w.uint32(8), m.totalRuntimeNs);
    if (m.runtimeUserNs !== 0n) writeInt64(w.uint32(16), m.runtimeUserNs);
    if (m.runtimeKernelNs !== 0n) writeInt64(w.uint32(24), m.runtimeKernelNs);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.totalRuntimeNs = readUint64(r);
          break;
        case 16:
          m.runtimeUserNs = readUint64(r);
          break;
        case 24:
          m.runtimeKernelNs = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface WindowsContainerMemoryStatistics {
  memoryUsageCommitBytes: bigint;
  memoryUsageCommitPeakBytes: bigint;
  memoryUsagePrivateWorkingSetBytes: bigint;
}
export const WindowsContainerMemoryStatistics: MessageType<WindowsContainerMemoryStatistics> = messageType<WindowsContainerMemoryStatistics>(
  "containerd.runhcs.stats.v1.WindowsContainerMemoryStatistics",
  () => ({ memoryUsageCommitBytes: 0n, memoryUsageCommitPeakBytes: 0n, memoryUsagePrivateWorkingSetBytes: 0n }),
  (m, w) => {
    if (m.memoryUsageCommitBytes !== 0n) writeInt64(w.uint32(8), m.memoryUsageCommitBytes);
    if (m.memoryUsageCommitPeakBytes !== 0n) writeInt64(w.uint32(16), m.memoryUsageCommitPeakBytes);
    if (m.memoryUsagePrivateWorkingSetBytes !== 0n) writeInt64(w.uint32(24), m.memoryUsagePrivateWorkingSetBytes);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.memoryUsageCommitBytes = readUint64(r);
          break;
        case 16:
          m.memoryUsageCommitPeakBytes = readUint64(r);
          break;
        case 24:
          m.memoryUsagePrivateWorkingSetBytes = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface WindowsContainerStorageStatistics {
  readCountNormalized: bigint;
  readSizeBytes: bigint;
  writeCountNormalized: bigint;
  writeSizeBytes: bigint;
}
export const WindowsContainerStorageStatistics: MessageType<WindowsContainerStorageStatistics> = messageType<WindowsContainerStorageStatistics>(
  "containerd.runhcs.stats.v1.WindowsContainerStorageStatistics",
  () => ({ readCountNormalized: 0n, readSizeBytes: 0n, writeCountNormalized: 0n, writeSizeBytes: 0n }),
  (m, w) => {
    if (m.readCountNormalized !== 0n) writeInt64(w.uint32(8), m.readCountNormalized);
    if (m.readSizeBytes !== 0n) writeInt64(w.uint32(16), m.readSizeBytes);
    if (m.writeCountNormalized !== 0n) writeInt64(w.uint32(24), m.writeCountNormalized);
    if (m.writeSizeBytes !== 0n) writeInt64(w.uint32(32), m.writeSizeBytes);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.readCountNormalized = readUint64(r);
          break;
        case 16:
          m.readSizeBytes = readUint64(r);
          break;
        case 24:
          m.writeCountNormalized = readUint64(r);
          break;
        case 32:
          m.writeSizeBytes = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VirtualMachineStatistics {
  processor?: VirtualMachineProcessorStatistics | undefined;
  memory?: VirtualMachineMemoryStatistics | undefined;
}
export const VirtualMachineStatistics: MessageType<VirtualMachineStatistics> = messageType<VirtualMachineStatistics>(
  "containerd.runhcs.stats.v1.VirtualMachineStatistics",
  () => ({ processor: undefined, memory: undefined }),
  (m, w) => {
    if (m.processor !== undefined) {
      w.uint32(10).fork();
      VirtualMachineProcessorStatistics.write(m.processor, w);
      w.ldelim();
    }
    if (m.memory !== undefined) {
      w.uint32(18).fork();
      VirtualMachineMemoryStatistics.write(m.memory, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.processor = VirtualMachineProcessorStatistics.read(r, endOf(r, end), m.processor ?? VirtualMachineProcessorStatistics.create());
          break;
        case 18:
          m.memory = VirtualMachineMemoryStatistics.read(r, endOf(r, end), m.memory ?? VirtualMachineMemoryStatistics.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VirtualMachineProcessorStatistics {
  totalRuntimeNs: bigint;
}
export const VirtualMachineProcessorStatistics: MessageType<VirtualMachineProcessorStatistics> = messageType<VirtualMachineProcessorStatistics>(
  "containerd.runhcs.stats.v1.VirtualMachineProcessorStatistics",
  () => ({ totalRuntimeNs: 0n }),
  (m, w) => {
    if (m.totalRuntimeNs !== 0n) writeInt64(w.uint32(8), m.totalRuntimeNs);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.totalRuntimeNs = readUint64(r);
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

export interface VirtualMachineMemoryStatistics {
  workingSetBytes: bigint;
  virtualNodeCount: number;
  vmMemory?: VirtualMachineMemory | undefined;
}
export const VirtualMachineMemoryStatistics: MessageType<VirtualMachineMemoryStatistics> = messageType<VirtualMachineMemoryStatistics>(
  "containerd.runhcs.stats.v1.VirtualMachineMemoryStatistics",
  () => ({ workingSetBytes: 0n, virtualNodeCount: 0, vmMemory: undefined }),
  (m, w) => {
    if (m.workingSetBytes !== 0n) writeInt64(w.uint32(8), m.workingSetBytes);
    if (m.virtualNodeCount !== 0) w.uint32(16).uint32(m.virtualNodeCount);
    if (m.vmMemory !== undefined) {
      w.uint32(26).fork();
      VirtualMachineMemory.write(m.vmMemory, w);
      w.ldelim();
    }
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.workingSetBytes = readUint64(r);
          break;
        case 16:
          m.virtualNodeCount = r.uint32();
          break;
        case 26:
          m.vmMemory = VirtualMachineMemory.read(r, endOf(r, end), m.vmMemory ?? VirtualMachineMemory.create());
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);

/** HCS's own account. Memory in percent or in pages of 4096 bytes, as HCS tells it. */
export interface VirtualMachineMemory {
  availableMemory: number;
  availableMemoryBuffer: number;
  reservedMemory: bigint;
  assignedMemory: bigint;
  slpActive: boolean;
  balancingEnabled: boolean;
  dmOperationInProgress: boolean;
}
export const VirtualMachineMemory: MessageType<VirtualMachineMemory> = messageType<VirtualMachineMemory>(
  "containerd.runhcs.stats.v1.VirtualMachineMemory",
  () => ({ availableMemory: 0, availableMemoryBuffer: 0, reservedMemory: 0n, assignedMemory: 0n, slpActive: false, balancingEnabled: false, dmOperationInProgress: false }),
  (m, w) => {
    if (m.availableMemory !== 0) w.uint32(8).int32(m.availableMemory);
    if (m.availableMemoryBuffer !== 0) w.uint32(16).int32(m.availableMemoryBuffer);
    if (m.reservedMemory !== 0n) writeInt64(w.uint32(24), m.reservedMemory);
    if (m.assignedMemory !== 0n) writeInt64(w.uint32(32), m.assignedMemory);
    if (m.slpActive) w.uint32(40).bool(m.slpActive);
    if (m.balancingEnabled) w.uint32(48).bool(m.balancingEnabled);
    if (m.dmOperationInProgress) w.uint32(56).bool(m.dmOperationInProgress);
  },
  (r, end, m) => {
    while (r.pos < end) {
      const tag = r.tag();
      switch (tag) {
        case 8:
          m.availableMemory = r.int32();
          break;
        case 16:
          m.availableMemoryBuffer = r.int32();
          break;
        case 24:
          m.reservedMemory = readUint64(r);
          break;
        case 32:
          m.assignedMemory = readUint64(r);
          break;
        case 40:
          m.slpActive = r.bool();
          break;
        case 48:
          m.balancingEnabled = r.bool();
          break;
        case 56:
          m.dmOperationInProgress = r.bool();
          break;
        default:
          r.skip(tag);
      }
    }
    return finish(r, end, m);
  },
);
