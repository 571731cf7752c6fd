import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hcsSetup, lcowOptions } from "../../../../test/compliance/hcs-setup.ts";

describe("what a VM of HCS is made of", () => {
  const migrates = { "io.microsoft.migration.support-enabled": "true" };

  it("keeps it from being saved while it has a device of its host, and no longer", async () => {
    const uvm = await hcsSetup().stack.create(lcowOptions(migrates));
    const savable = (): boolean => uvm.supported("lifetime", "save");
    assert.equal(savable(), true);
    await uvm.addPciDevice({ id: "b5d2d8d4-3a75-51bf-945b-3444dc6b8579", address: "PCIP\\X" });
    assert.equal(savable(), false);
    await uvm.removePciDevice("b5d2d8d4-3a75-51bf-945b-3444dc6b8579");
    assert.equal(savable(), true);
    await uvm.close();
  });

  it("has the devices that it is made with, and keeps those that are added out of them", async () => {
    const options = lcowOptions(migrates);
    assert.ok(options.runhcs);
    const windows = { devices: [{ id: "PCIP\\VEN_1\\2", idType: "vpci-instance-id" }] };
    const spec = { ...options.runhcs.spec, windows };
    const uvm = await hcsSetup({ newGuid: () => "guid-0" }).stack.create({
      ...options,
      runhcs: { ...options.runhcs, spec },
    });
    await uvm.addPciDevice({ id: "guid-1", address: "PCIP\\X" });
    assert.deepEqual(uvm.pciDevices, [{ id: "guid-0", address: "PCIP\\VEN_1", virtualFunction: 2 }]);
    await uvm.close();
  });

  it("keeps it from being saved for good with a Plan9 device", async () => {
    const uvm = await hcsSetup().stack.create(lcowOptions());
    assert.equal(uvm.supported("lifetime", "save"), false);
    await uvm.close();
  });
});
