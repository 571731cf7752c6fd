import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lcowBase, SCSI0 } from "../../../../../test/golden/hcs/base-documents.ts";
import { parseJson, stringifyJson } from "../../../../oci/json.ts";
import { computeSystem } from "../schema/compute-system.ts";
import { destinationDocument } from "./migration.ts";

const { VirtualMachine: machine } = lcowBase;

describe("the document of a VM that is migrated here", () => {
  it("is the source's, with how it is to come and what the source tells of itself", () => {
    const document = destinationDocument(lcowBase, {
      options: { origin: "Destination", memoryTransport: "TCP" },
      compatibility: Uint8Array.from([1, 2, 255]),
    });
    assert.deepEqual(document, {
      ...lcowBase,
      VirtualMachine: {
        ...machine,
        MigrationOptions: { Origin: "Destination", MemoryTransport: "TCP", CompatibilityData: { Data: "AQL/" } },
      },
    });
  });

  it("has the disks that are here, all of them and no others", () => {
    const scsi = { [SCSI0]: { Attachments: { "3": { Type: "VirtualDisk", Path: "D:\\here.vhdx" } } } };
    const document = destinationDocument(lcowBase, { options: { origin: "Destination" }, scsi });
    const { Devices, MigrationOptions } = document.VirtualMachine as Record<string, unknown>;
    assert.deepEqual(Devices, { ...machine.Devices, Scsi: scsi });
    assert.deepEqual(MigrationOptions, { Origin: "Destination" });
  });

  it("has each of hcsshim's options under its name, false and zero where they are given, and is read back", () => {
    const document = destinationDocument(lcowBase, {
      options: {
        origin: "Destination",
        memoryTransport: "TCP",
        memoryTransferThrottleParams: {
          ...{ skipThrottling: false, throttlingScale: 12.5, minimumThrottlePercentage: 0 },
          ...{ targetNumberOfBrownoutTransferPasses: 3, startingBrownoutPassNumberForThrottling: 4 },
          ...{ maximumNumberOfBrownoutTransferPasses: 5, targetBlackoutTransferTime: 600 },
          blackoutTimeThresholdForCancellingMigration: 700,
        },
        compressionSettings: { throttleWorkerCount: 8 },
        ...{ checksumVerification: true, perfTracingEnabled: true, cancelIfBlackoutThresholdExceeds: true },
        prepareMemoryTransferMode: true,
        compatibilityData: { data: "AA==" },
      },
    });
    const { MigrationOptions } = document.VirtualMachine as Record<string, unknown>;
    assert.deepEqual(MigrationOptions, {
      Origin: "Destination",
      MemoryTransport: "TCP",
      MemoryTransferThrottleParams: {
        ...{ SkipThrottling: false, ThrottlingScale: 12.5, MinimumThrottlePercentage: 0 },
        ...{ TargetNumberOfBrownoutTransferPasses: 3, StartingBrownoutPassNumberForThrottling: 4 },
        ...{ MaximumNumberOfBrownoutTransferPasses: 5, TargetBlackoutTransferTime: 600 },
        BlackoutTimeThresholdForCancellingMigration: 700,
      },
      CompressionSettings: { ThrottleWorkerCount: 8 },
      ...{ ChecksumVerification: true, PerfTracingEnabled: true, CancelIfBlackoutThresholdExceeds: true },
      PrepareMemoryTransferMode: true,
      CompatibilityData: { Data: "AA==" },
    });
    const text = stringifyJson(document);
    const again = computeSystem.encode(computeSystem.decode(parseJson(text), "document"));
    assert.deepEqual(JSON.parse(stringifyJson(again)), JSON.parse(text));
  });
});
