import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withChange } from "./applied.ts";

const D = "VirtualMachine/Devices";
const base = { Owner: "o", VirtualMachine: { Devices: { Scsi: { g: {} }, Plan9: {} }, StopOnReset: true } };
const devices = (document: object) => (document as typeof base).VirtualMachine.Devices;

describe("the document of a changed VM", () => {
  it("has what was added where its path says, and no more what was removed; the one before stays as it was", () => {
    const before = structuredClone(base);
    const path = `${D}/Scsi/g/Attachments/7`;
    const added = withChange(base, { resourcePath: path, requestType: "Add", settings: { Path: "a" } });
    assert.deepEqual(devices(added).Scsi, { g: { Attachments: { "7": { Path: "a" } } } });
    const removed = withChange(added, { resourcePath: path, requestType: "Remove" });
    assert.deepEqual(devices(removed).Scsi, { g: { Attachments: {} } });
    assert.deepEqual(base, before);
    assert.equal((removed as typeof base).Owner, "o");
  });

  it("has devices of which there were none, and those without settings", () => {
    const nic = withChange(base, { resourcePath: `${D}/NetworkAdapters/n`, requestType: "Add", settings: { E: 1 } });
    assert.deepEqual((devices(nic) as Record<string, unknown>).NetworkAdapters, { n: { E: 1 } });
    const pipe = withChange(base, { resourcePath: `${D}/MappedPipes/\\\\.\\pipe\\x`, requestType: "Add" });
    assert.deepEqual((devices(pipe) as Record<string, unknown>).MappedPipes, { "\\\\.\\pipe\\x": {} });
  });

  it("has shares in a list, one a name; the device stays when the last of them has gone", () => {
    const share = (Name: string, Path?: string) => ({ Name, ...(Path && { Path }) });
    const change = (document: object, requestType: "Add" | "Remove", settings: object) =>
      withChange(document as typeof base, { resourcePath: `${D}/Plan9/Shares`, requestType, settings });
    const two = change(change(base, "Add", share("0", "a")), "Add", share("1", "b"));
    assert.deepEqual(devices(two).Plan9, { Shares: [share("0", "a"), share("1", "b")] });
    const none = change(change(two, "Remove", share("0")), "Remove", share("1"));
    assert.deepEqual(devices(none).Plan9, {});
  });

  it("has images packed on a VPMem device until the first is removed, and the device with it", () => {
    const device = `${D}/VirtualPMem/Devices/3`;
    const added = [device, `${device}/Mappings/1048576`].reduce(
      (document, resourcePath) =>
        withChange(document, { resourcePath, requestType: "Add", settings: { HostPath: "a" } }),
      base as Parameters<typeof withChange>[0],
    );
    const vpmem = (document: object) => (devices(document) as Record<string, unknown>).VirtualPMem;
    assert.deepEqual(vpmem(added), { Devices: { "3": { HostPath: "a", Mappings: { "1048576": { HostPath: "a" } } } } });
    const one = withChange(added, { resourcePath: `${device}/Mappings/1048576`, requestType: "Remove" });
    assert.deepEqual(vpmem(one), { Devices: { "3": { HostPath: "a", Mappings: {} } } });
    const none = withChange(one, { resourcePath: `${device}/Mappings/0`, requestType: "Remove" });
    assert.deepEqual(vpmem(none), { Devices: {} });
  });

  it("has limits among the processor's members, and memory as a number", () => {
    const topology = { VirtualMachine: { ComputeTopology: { Processor: { Count: 2 }, Memory: { SizeInMB: 1024 } } } };
    const path = "VirtualMachine/ComputeTopology";
    const limited = withChange(topology, { resourcePath: `${path}/Processor/Limits`, settings: { Weight: 200 } });
    const both = withChange(limited, { resourcePath: `${path}/Memory/SizeInMB`, settings: 2048 });
    assert.deepEqual(both, {
      VirtualMachine: { ComputeTopology: { Processor: { Count: 2, Weight: 200 }, Memory: { SizeInMB: 2048 } } },
    });
  });
});
