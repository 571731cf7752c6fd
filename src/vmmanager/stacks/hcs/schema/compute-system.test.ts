import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseJson, stringifyJson } from "../../../../oci/json.ts";
import { type ComputeSystemInit, computeSystem } from "./compute-system.ts";

const text = (init: ComputeSystemInit) => stringifyJson(computeSystem.encode(init));

describe("a compute system's document", () => {
  it("has nothing that is zero", () => {
    const scsi = { c0: { attachments: { "0": { type: "", path: "p", readOnly: false } } }, c1: { attachments: {} } };
    const init = { owner: "", virtualMachine: { devices: { scsi, comPorts: {}, networkAdapters: {} } } };
    assert.equal(
      text(init),
      '{"VirtualMachine":{"Devices":{"Scsi":{"c0":{"Attachments":{"0":{"Path":"p"}}},"c1":{}}}}}',
    );
  });

  it("has structures that are there, though empty, and a false that is said", () => {
    const virtualPci = { v: { functions: [], propagateNumaAffinity: false } };
    const init = { virtualMachine: { registryChanges: {}, devices: { plan9: {}, virtualPci } } };
    assert.equal(
      text(init),
      '{"VirtualMachine":{"Devices":{"Plan9":{},"VirtualPci":{"v":{"PropagateNumaAffinity":false}}},"RegistryChanges":{}}}',
    );
  });

  it("has integers of 64 bits digit for digit", () => {
    const memory = { sizeInMB: 18446744073709551615n, highMmioBaseInMB: 9007199254740993n };
    const init = { virtualMachine: { computeTopology: { memory } } };
    assert.equal(
      text(init),
      '{"VirtualMachine":{"ComputeTopology":{"Memory":{"SizeInMB":18446744073709551615,"HighMmioBaseInMB":9007199254740993}}}}',
    );
  });

  it("is read back as it was written", () => {
    const source =
      '{"SchemaVersion":{"Major":2,"Minor":5},"VirtualMachine":{"StopOnReset":true,"Devices":{"Scsi":{"c":{}},"Plan9":{}}}}';
    const read = computeSystem.decode(parseJson(source), "document");
    assert.equal(read.virtualMachine?.devices?.scsi?.c !== undefined, true);
    assert.equal(stringifyJson(computeSystem.encode(read)), source);
  });

  it("refuses a number that its member can't hold", () => {
    const processor = { count: 2 ** 32 };
    assert.throws(() => text({ virtualMachine: { computeTopology: { processor } } }), /unsigned 32-bit/);
  });
});
