import {
  Statistics,
  VirtualMachineMemory,
  VirtualMachineMemoryStatistics,
  VirtualMachineProcessorStatistics,
  VirtualMachineStatistics,
  WindowsContainerMemoryStatistics,
  WindowsContainerProcessorStatistics,
  WindowsContainerStatistics,
  WindowsContainerStorageStatistics,
} from "../../generated/containerd/runhcs/stats/v1.ts";
import type { Any, Timestamp } from "../../generated/google/protobuf.ts";
import type { TaskStatistics } from "../../orchestration/tasks.ts";
import type { UvmStatistics } from "../../vmmanager/properties.ts";
import { timestampOf } from "../timestamp.ts";
import { count, metricsV1, noStatistics } from "./metrics.ts";

type Members = Readonly<Record<string, unknown>>;

/** What containerd on Windows decodes. The guest is not trusted: what is no value for its field is 0. */
export function runhcsStatisticsAny(id: string, { v1, windows }: TaskStatistics, vm: UvmStatistics | undefined): Any {
  if (v1 === undefined && windows === undefined) throw noStatistics(id);
  const statistics = Statistics.create({
    ...(windows === undefined ? { linux: v1 && metricsV1(v1) } : { windows: ofWindows(windows as Members) }),
    vm: vm && ofVm(vm),
  });
  return { typeUrl: Statistics.typeName, value: Statistics.encode(statistics) };
}

function ofVm({ processor, memory }: UvmStatistics): VirtualMachineStatistics {
  const { workingSetBytes, virtualNodeCount = 0, account } = memory;
  return VirtualMachineStatistics.create({
    processor: VirtualMachineProcessorStatistics.create({ totalRuntimeNs: processor.totalNs }),
    memory: VirtualMachineMemoryStatistics.create({
      ...{ workingSetBytes, virtualNodeCount },
      vmMemory: account && VirtualMachineMemory.create(account),
    }),
  });
}

/** HCS's Statistics: of a container of which it has just made the system, parts may be missing. */
function ofWindows(json: Members): WindowsContainerStatistics {
  const part = <T>(name: string, make: (members: Members) => T): T | undefined => {
    const members = json[name];
    return typeof members === "object" && members !== null ? make(members as Members) : undefined;
  };
  return WindowsContainerStatistics.create({
    timestamp: time(json.Timestamp),
    containerStartTime: time(json.ContainerStartTime),
    uptimeNs: nanoseconds(json.Uptime100ns),
    processor: part("Processor", (of) =>
      WindowsContainerProcessorStatistics.create({
        totalRuntimeNs: nanoseconds(of.TotalRuntime100ns),
        runtimeUserNs: nanoseconds(of.RuntimeUser100ns),
        runtimeKernelNs: nanoseconds(of.RuntimeKernel100ns),
      }),
    ),
    memory: part("Memory", (of) =>
      WindowsContainerMemoryStatistics.create({
        memoryUsageCommitBytes: count(of.MemoryUsageCommitBytes) ?? 0n,
        memoryUsageCommitPeakBytes: count(of.MemoryUsageCommitPeakBytes) ?? 0n,
        memoryUsagePrivateWorkingSetBytes: count(of.MemoryUsagePrivateWorkingSetBytes) ?? 0n,
      }),
    ),
    storage: part("Storage", (of) =>
      WindowsContainerStorageStatistics.create({
        readCountNormalized: count(of.ReadCountNormalized) ?? 0n,
        readSizeBytes: count(of.ReadSizeBytes) ?? 0n,
        writeCountNormalized: count(of.WriteCountNormalized) ?? 0n,
        writeSizeBytes: count(of.WriteSizeBytes) ?? 0n,
      }),
    ),
  });
}

/** Of units of 100 ns. */
function nanoseconds(json: unknown): bigint {
  return BigInt.asUintN(64, (count(json) ?? 0n) * 100n);
}

function time(json: unknown): Timestamp | undefined {
  const date = typeof json === "string" ? new Date(json) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : timestampOf(date);
}
