import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DeviceStandIn } from "../../../../test/compliance/device-stand-in.ts";
import { vmDevices } from "../devices.ts";
import { VpciController, vmBusInstanceId } from "./controller.ts";

const limits = { host: 50, guest: 50 };
const address = "PCIP\\VEN_10DE&DEV_13F2\\4&1";

function bench(withGuest = true): { vm: DeviceStandIn; vpci: VpciController } {
  const vm = new DeviceStandIn();
  let last = 0;
  const newGuid = (): string => `guid-${last++}`;
  return { vm, vpci: new VpciController({ uvm: vm, limits, newGuid, ...(withGuest && { guest: vm }) }) };
}

describe("the assigned devices of a VM", () => {
  it("are one for all who ask for the same function, another for another, by GUIDs that the host chooses", async () => {
    const { vm, vpci } = bench();
    const all = [
      vpci.reserve({ address }),
      vpci.reserve({ address: address.toLowerCase(), virtualFunction: 0 }),
      vpci.reserve({ address, virtualFunction: 2 }),
    ];
    await Promise.all(all.map((mapping) => mapping.map()));
    assert.deepEqual(
      all.map(({ guestPath }) => guestPath),
      ["guid-0", "guid-0", "guid-1"],
    );
    assert.deepEqual([...vm.pci.values()], [`${address}/0`, `${address}/2`]);
    for (const mapping of all) await mapping.unmap();
    assert.deepEqual([vm.left(), vpci.held], [[], 0]);
  });

  it("are waited for in a Linux guest that knows GUIDs, and nowhere else", async () => {
    for (const [stack, arrives] of [
      ["hcs", true],
      ["qemu", false],
    ] as const) {
      const vm = new DeviceStandIn();
      vm.stack = stack;
      const mapping = vmDevices({ uvm: vm, guest: vm }, limits).vpci.reserve({ address });
      await mapping.map();
      assert.match(mapping.guestPath, /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
      assert.equal(vm.log.includes(`addVpciDevice ${mapping.guestPath}`), arrives, stack);
    }
  });

  it("that do not arrive are taken back before they are given anew", async () => {
    const { vm, vpci } = bench();
    const mapping = vpci.reserve({ address });
    vm.faults.addVpciDevice = () => {
      throw new Error("planted");
    };
    await assert.rejects(mapping.map(), /planted/);
    delete vm.faults.addVpciDevice;
    await mapping.map();
    assert.deepEqual(
      vm.log.map((line) => line.split(" ")[0]),
      ["addPciDevice", "addVpciDevice", "removePciDevice", "addPciDevice", "addVpciDevice"],
    );
  });

  it("that the VM was made with are its own: waited for, never assigned again, and never taken back", async () => {
    const vm = new DeviceStandIn();
    vm.pci.set("made", `${address}/2`);
    const pciDevices = [{ id: "made", address: address.toUpperCase(), virtualFunction: 2 }];
    const uvm = Object.assign(Object.create(vm) as DeviceStandIn, { pciDevices });
    const vpci = new VpciController({ uvm, limits, guest: vm, newGuid: () => "new" });
    for (const _ of ["once", "again"]) {
      const all = [vpci.reserve({ address, virtualFunction: 2 }), vpci.reserve({ address, virtualFunction: 2 })];
      for (const mapping of all) {
        assert.equal(mapping.guestPath, "made");
        await mapping.map();
      }
      for (const mapping of all) await mapping.unmap();
      assert.equal(vpci.held, 0);
    }
    assert.deepEqual(vm.log, ["addVpciDevice made", "addVpciDevice made"]);
    assert.equal(vpci.reserve({ address }).guestPath, "new");
  });

  it("are found by a Windows guest by an instance id", () => {
    const id = vmBusInstanceId("b5d2d8d4-3a75-51bf-945b-3444dc6b8579");
    assert.equal(id, "VMBUS\\{44c4f61d-4444-4400-9d52-802e27ede19f}\\{b5d2d8d4-3a75-51bf-945b-3444dc6b8579}");
  });
});
