import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readProperties, readStatistics } from "./properties.ts";

const memory = {
  VirtualNodeCount: 2,
  VirtualMachineMemory: {
    ...{ AvailableMemory: -1, AvailableMemoryBuffer: 20, ReservedMemory: 3, AssignedMemory: 262144 },
    ...{ SlpActive: true, BalancingEnabled: false, DmOperationInProgress: true },
  },
};

describe("the properties of a VM of HCS", () => {
  it("have its statistics, in nanoseconds and bytes, and HCS's own account of its memory", () => {
    const statistics = {
      Processor: { TotalRuntime100ns: 123, RuntimeUser100ns: 100 },
      Memory: { MemoryUsagePrivateWorkingSetBytes: 4096 },
    };
    assert.deepEqual(readStatistics(JSON.stringify({ Memory: memory, Statistics: statistics })), {
      processor: { totalNs: 12_300n, guestNs: 12_300n },
      memory: {
        ...{ assignedBytes: 1n << 30n, workingSetBytes: 4096n, virtualNodeCount: 2 },
        account: {
          ...{ availableMemory: -1, availableMemoryBuffer: 20, reservedMemory: 3n, assignedMemory: 262144n },
          ...{ slpActive: true, balancingEnabled: false, dmOperationInProgress: true },
        },
      },
    });
  });

  it("have all of its memory for a working set that HCS does not tell", () => {
    const told = readStatistics(JSON.stringify({ Memory: memory, Statistics: {} }));
    assert.deepEqual([told.memory.workingSetBytes, told.processor.totalNs], [1n << 30n, 0n]);
  });

  it("may be without either, which is told", () => {
    for (const document of ['{"Statistics":{}}', '{"Memory":{}}', "{}"]) {
      assert.throws(() => readStatistics(document), {
        kind: "invalid-argument",
        message: /no statistics, or no memory/,
      });
    }
    assert.throws(() => readStatistics("{"), { kind: "invalid-argument", message: /^Properties is not JSON/ });
  });

  it("tell its state by HCS's words, where they do", () => {
    const states = ["Created", "Running", "Paused", "SavedAsTemplate", "Stopped", "constructor"];
    assert.deepEqual(
      states.map((State) => readProperties(JSON.stringify({ RuntimeId: "r", Owner: "o", State })).state),
      ["created", "running", "paused", "paused", "ended", undefined],
    );
    assert.equal(readProperties('{"State":"Running","Stopped":true}').state, "ended");
  });
});
