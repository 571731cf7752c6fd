import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DeviceBench, deviceKinds } from "../../../test/compliance/device-kinds.ts";
import { DeviceStandIn } from "../../../test/compliance/device-stand-in.ts";
import { isKind } from "../../errors/shim-error.ts";
import { parseJson, stringifyJson } from "../../oci/json.ts";
import { readSavedDevices, type VmDevices, vmDevices } from "./devices.ts";

const limits = { host: 50, guest: 50 };
const disk = { hostPath: "/a.img", readOnly: false, fileSystem: "ext4", options: ["noatime"] };
const blob = { hostPath: "/b.img", readOnly: true };
const shm = { hostPath: "/pod/shm", bytes: 65536 };

/** The devices of the VM restored from these, which has what this one had. */
function restored(devices: VmDevices, vm: DeviceStandIn): VmDevices {
  vm.log.length = 0;
  const saved: unknown = parseJson(stringifyJson(devices.save()));
  return vmDevices({ uvm: vm, guest: vm }, limits, readSavedDevices(saved, "devices"));
}

describe("the devices of a restored VM", () => {
  it("are those of the saved one, for who reserves them again, and go with the last of them", async () => {
    const vm = new DeviceStandIn();
    const before = vmDevices({ uvm: vm, guest: vm }, limits);
    const first = [before.scsi.reserve(disk), before.scsi.reserve(disk), before.scsi.reserve(blob)];
    const memory = before.shm.reserve(shm);
    for (const mapping of [...first, memory]) await mapping.map();

    const after = restored(before, vm);
    const again = [after.scsi.reserve(disk), after.scsi.reserve(disk), after.scsi.reserve(blob)];
    const memoryAgain = after.shm.reserve(shm);
    assert.deepEqual(
      [...again, memoryAgain].map(({ guestPath }) => guestPath),
      [...first, memory].map(({ guestPath }) => guestPath),
    );
    for (const mapping of [...again, memoryAgain]) await mapping.map();
    assert.deepEqual(vm.log, [], "all is there");
    const other = after.scsi.reserve({ ...disk, hostPath: "/c.img" });
    await other.map();
    assert.deepEqual(vm.log, ["addScsiDisk 0:2 /c.img", "addMappedVirtualDisk 0:2 /run/mounts/m3 ext4 noatime"]);
    await again[0]?.unmap();
    assert.equal(vm.disks.size, 3, "another still holds it");
    for (const mapping of [...again, other, memoryAgain]) await mapping.unmap();
    assert.deepEqual(vm.left(), []);
    assert.equal(after.scsi.held, 0);
  });

  it("stay where nobody reserves them again, and their places are not given out", async () => {
    const vm = new DeviceStandIn();
    const before = vmDevices({ uvm: vm, guest: vm }, limits);
    await before.scsi.reserve(disk).map();
    const after = restored(before, vm);
    assert.equal(after.scsi.held, 1);
    await after.scsi.reserve(blob).map();
    assert.deepEqual([...vm.disks.keys()], ["0:0", "0:1"]);
  });

  it("are undone before they are mapped again where nobody knew whether they were there", async () => {
    const vm = new DeviceStandIn();
    const before = vmDevices({ uvm: vm, guest: vm }, limits);
    vm.lateFaults.addMappedVirtualDisk = () => {
      throw new Error("planted");
    };
    await assert.rejects(before.scsi.reserve(disk).map(), /planted/);
    delete vm.lateFaults.addMappedVirtualDisk;
    const mapping = restored(before, vm).scsi.reserve(disk);
    await mapping.map();
    assert.deepEqual(
      vm.log.map((line) => line.split(" ")[0]),
      ["removeMappedVirtualDisk", "addMappedVirtualDisk"],
    );
    await mapping.unmap();
    assert.deepEqual(vm.left(), []);
  });

  it("are not saved while there is anything that only this host has", async () => {
    for (const { name, reserve, options } of deviceKinds) {
      const { devices } = new DeviceBench(options);
      const mapping = reserve(devices);
      const isSaved = /disk|shared memory/.test(name);
      if (isSaved) devices.save();
      else
        assert.throws(() => devices.save(), {
          kind: "failed-precondition",
          message: /the vm has 1 .*; cannot save it/,
        });
      await mapping.unmap();
      devices.save();
    }
  });

  it("are not saved while there are shares", async () => {
    const vm = new DeviceStandIn();
    const devices = vmDevices({ uvm: vm, guest: vm }, limits);
    const share = devices.plan9.reserve({ hostPath: "/dir", readOnly: true });
    await share.map();
    assert.throws(
      () => devices.save(),
      (error) =>
        isKind(error, "failed-precondition") && /1 directory shares; cannot save it: use disks/.test(`${error}`),
    );
    await share.unmap();
    assert.deepEqual(devices.save(), { mounts: 1, scsi: { slots: [], disks: [] }, shm: [] });
  });
});
