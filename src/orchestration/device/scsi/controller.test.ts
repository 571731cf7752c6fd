import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { DeviceStandIn } from "../../../../test/compliance/device-stand-in.ts";
import { parseJson, stringifyJson } from "../../../oci/json.ts";
import { ScsiController } from "./controller.ts";
import { readSavedDisks, type SavedDisks } from "./saved.ts";
import { windowsGuestScsi } from "./windows-guest.ts";

const limits = { host: 50, guest: 50 };
let vm: DeviceStandIn;

beforeEach(() => {
  vm = new DeviceStandIn();
});

function controller(saved?: SavedDisks): ScsiController {
  let last = 0;
  return new ScsiController({ uvm: vm, guest: vm, nextMountPath: () => `/m${last++}`, limits }, saved);
}

describe("the SCSI disks of a VM that HCS runs", () => {
  it("leave the places of its document alone: a Windows VM's scratch on 0:0", async () => {
    vm.scsiLimits = { controllers: 1, luns: 3, reserved: [{ controller: 0, lun: 0 }] };
    const scsi = controller();
    for (const hostPath of ["a", "b"]) await scsi.reserve({ hostPath, readOnly: true }).map();
    assert.deepEqual([...vm.disks.keys(), scsi.held], ["0:1", "0:2", 2]);
    assert.throws(() => scsi.reserve({ hostPath: "c", readOnly: true }), { kind: "resource-exhausted" });
    assert.deepEqual(scsi.save().slots, [1, 2]);
  });

  it("are refused where there are no controllers, and where the document has more than they carry", () => {
    vm.scsiLimits = { controllers: 0, luns: 64 };
    const none = /disk a cannot be attached: the vm has no SCSI controllers/;
    assert.throws(() => controller().reserve({ hostPath: "a", readOnly: true }), {
      ...{ kind: "failed-precondition", message: none },
    });
    vm.scsiLimits = { controllers: 1, luns: 64, reserved: [{ controller: 0, lun: 64 }] };
    assert.throws(() => controller().reserve({ hostPath: "a", readOnly: true }), {
      ...{ kind: "invalid-argument", message: /disk 0:64 is too many/ },
    });
  });

  it("are of their own for each type, and granted to the VM before they are attached", async () => {
    const added: unknown[] = [];
    const attach = vm.addScsiDisk;
    vm.addScsiDisk = (disk) => {
      added.push(disk);
      return attach(disk);
    };
    const scsi = controller();
    const disk = { hostPath: "D", readOnly: true };
    await scsi.reserve({ ...disk, type: "PassThru", access: "individual" }).map();
    await scsi.reserve({ ...disk, type: "ExtensibleVirtualDisk", extensibleDiskType: "xstore" }).map();
    await scsi.reserve({ ...disk, access: "none" }).map();
    await scsi.reserve({ ...disk, type: "VirtualDisk", access: "group" }).map();
    assert.deepEqual(
      vm.log.filter((line) => !line.startsWith("addMapped")),
      ["grantVmAccess D individual", "addScsiDisk 0:0 D ro", "addScsiDisk 0:1 D ro", "addScsiDisk 0:2 D ro"],
    );
    assert.deepEqual(added, [
      { controller: 0, lun: 0, ...disk, type: "PassThru" },
      { controller: 0, lun: 1, ...disk, type: "ExtensibleVirtualDisk", extensibleDiskType: "xstore" },
      { controller: 0, lun: 2, ...disk },
    ]);
  });

  it("are mounted as they are asked for: formatted, encrypted, or by the guest's default", async () => {
    const mounts: unknown[] = [];
    vm.addMappedVirtualDisk = async (settings) => void mounts.push(settings);
    const scsi = controller();
    const scratch = { hostPath: "s", readOnly: false, fileSystem: "xfs", ensureFileSystem: true, encrypted: true };
    await scsi.reserve(scratch).map();
    await scsi.reserve({ hostPath: "l", readOnly: true, fileSystem: "" }).map();
    const common = { controller: 0, partition: 0n, options: [] };
    assert.deepEqual(mounts, [
      {
        ...common,
        lun: 0,
        mountPath: "/m0",
        readOnly: false,
        filesystem: "xfs",
        ensureFilesystem: true,
        encrypted: true,
      },
      { ...common, lun: 1, mountPath: "/m1", readOnly: true, filesystem: "" },
    ]);
  });

  it("are found by their path, and refuse a place in the guest that another has", async () => {
    const scsi = controller();
    const request = { hostPath: "a", readOnly: true, fileSystem: "ext4", guestPath: "/x" };
    const first = scsi.reserve(request);
    scsi.reserve(request);
    assert.equal(scsi.guestPathOf("a"), "/x");
    for (const other of [{ hostPath: "b" }, { readOnly: false }, { fileSystem: "xfs" }]) {
      assert.throws(() => scsi.reserve({ ...request, ...other }), {
        ...{ kind: "already-exists", message: /disk a is mounted on \/x in the guest; cannot mount . there/ },
      });
    }
    assert.throws(() => scsi.guestPathOf("b"), { kind: "not-found", message: /disk b is not attached/ });
    assert.equal(scsi.held, 1);
    await first.unmap();
  });

  it("are the saved ones for who reserves them again, whatever their type", async () => {
    const scsi = controller();
    const requests = [
      { hostPath: "a", readOnly: false, type: "PassThru", fileSystem: "", access: "individual" },
      { hostPath: "b", readOnly: true, type: "ExtensibleVirtualDisk", extensibleDiskType: "x", encrypted: true },
    ] as const;
    for (const request of requests) await scsi.reserve(request).map();
    const saved = readSavedDisks(parseJson(stringifyJson(scsi.save())), "disks");
    assert.deepEqual(saved, scsi.save());
    vm.log.length = 0;
    const restored = controller(saved);
    for (const request of requests) await restored.reserve(request).map();
    assert.deepEqual(vm.log, []);
  });
});

describe("a disk in a Windows guest", () => {
  const calls: unknown[] = [];
  const guest = windowsGuestScsi({
    addMappedVirtualDisk: async (settings) => void calls.push(["add", settings]),
    removeMappedVirtualDisk: async (settings) => void calls.push(["remove", settings]),
  });
  const disk = { mountPath: "C:\\mounts\\m0", controller: 0, lun: 1, partition: 0n, options: [], filesystem: "" };

  it("is mounted by its LUN, and let go with its mount", async () => {
    await guest.addMappedVirtualDisk(disk);
    await guest.removeMappedVirtualDisk(disk);
    await guest.removeScsiDevice(disk);
    const settings = { containerPath: "C:\\mounts\\m0", lun: 1 };
    assert.deepEqual(calls, [
      ["add", settings],
      ["remove", settings],
    ]);
  });

  const others = { controller: 1, partition: 1n, encrypted: true, blockDev: true, filesystem: "ext4", options: ["ro"] };
  for (const [name, value] of Object.entries(others)) {
    it(`is refused with ${name}, which only Linux guests know`, async () => {
      await assert.rejects(guest.addMappedVirtualDisk({ ...disk, [name]: value }), {
        ...{ kind: "unimplemented", message: /is not supported for WCOW: use a VSMB share/ },
      });
    });
  }
});
