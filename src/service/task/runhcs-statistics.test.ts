import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Statistics } from "../../generated/containerd/runhcs/stats/v1.ts";
import type { UvmStatistics } from "../../vmmanager/properties.ts";
import { runhcsStatisticsAny } from "./runhcs-statistics.ts";

const vm: UvmStatistics = {
  processor: { totalNs: 500n, guestNs: 400n },
  memory: {
    ...{ assignedBytes: 8192n, workingSetBytes: 4096n, virtualNodeCount: 2 },
    account: {
      ...{ availableMemory: -1, availableMemoryBuffer: 20, reservedMemory: 3n, assignedMemory: 2n },
      ...{ slpActive: true, balancingEnabled: false, dmOperationInProgress: true },
    },
  },
};

function told(statistics: Parameters<typeof runhcsStatisticsAny>[1], of?: UvmStatistics): Statistics {
  const { typeUrl, value } = runhcsStatisticsAny("c1", statistics, of);
  assert.equal(typeUrl, "containerd.runhcs.stats.v1.Statistics");
  return Statistics.decode(value);
}

describe("hcsshim's Statistics", () => {
  it("are those of a Windows container, times in nanoseconds", () => {
    const windows = {
      ...{ Timestamp: "2026-01-02T03:04:05.678Z", ContainerStartTime: "2026-01-02T03:04:00Z", Uptime100ns: 56_780_000 },
      Processor: { TotalRuntime100ns: 30, RuntimeUser100ns: 20, RuntimeKernel100ns: 10 },
      Memory: {
        ...{ MemoryUsageCommitBytes: 3, MemoryUsageCommitPeakBytes: 18446744073709551615n },
        MemoryUsagePrivateWorkingSetBytes: 1,
      },
      Storage: { ReadCountNormalized: 1, ReadSizeBytes: 2, WriteCountNormalized: 3, WriteSizeBytes: 4 },
    };
    assert.deepEqual(told({ windows }), {
      windows: {
        timestamp: { seconds: 1767323045n, nanos: 678_000_000 },
        containerStartTime: { seconds: 1767323040n, nanos: 0 },
        uptimeNs: 5_678_000_000n,
        processor: { totalRuntimeNs: 3000n, runtimeUserNs: 2000n, runtimeKernelNs: 1000n },
        memory: {
          memoryUsageCommitBytes: 3n,
          memoryUsageCommitPeakBytes: 18446744073709551615n,
          memoryUsagePrivateWorkingSetBytes: 1n,
        },
        storage: { readCountNormalized: 1n, readSizeBytes: 2n, writeCountNormalized: 3n, writeSizeBytes: 4n },
      },
      linux: undefined,
      vm: undefined,
    });
  });

  it("have nothing of what a guest does not tell, or tells in no such shape", () => {
    const windows = { Timestamp: "soon", Uptime100ns: "9", Processor: 1, Memory: { MemoryUsageCommitBytes: -1 } };
    const { timestamp, uptimeNs, processor, memory, storage } = told({ windows }).windows ?? {};
    assert.deepEqual([timestamp, uptimeNs, processor, storage], [undefined, 0n, undefined, undefined]);
    assert.equal(memory?.memoryUsageCommitBytes, 0n);
  });

  it("are those of a Linux container's cgroup, and of its VM", () => {
    const { linux, windows, vm: machine } = told({ v1: { pids: { current: 7 } }, v2: { pids: { current: 8 } } }, vm);
    assert.deepEqual([linux?.pids?.current, windows], [7n, undefined]);
    assert.deepEqual(machine, {
      processor: { totalRuntimeNs: 500n },
      memory: {
        ...{ workingSetBytes: 4096n, virtualNodeCount: 2 },
        vmMemory: {
          ...{ availableMemory: -1, availableMemoryBuffer: 20, reservedMemory: 3n, assignedMemory: 2n },
          ...{ slpActive: true, balancingEnabled: false, dmOperationInProgress: true },
        },
      },
    });
  });

  it("have of a VM what other stacks tell, too", () => {
    const memory = { assignedBytes: 8192n, workingSetBytes: 4096n };
    const { vm: machine } = told({ v1: {} }, { ...vm, memory });
    assert.deepEqual(machine?.memory, { workingSetBytes: 4096n, virtualNodeCount: 0, vmMemory: undefined });
  });

  it("are none of a container without any", () => {
    assert.throws(() => runhcsStatisticsAny("c1", {}, vm), { kind: "not-found", message: /cgroup does not exist/ });
  });
});
