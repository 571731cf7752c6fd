import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../../../errors/shim-error.ts";
import { bootControllerArguments, deviceArguments, growthArguments } from "./device-arguments.ts";
import { freeSlot, type Hardware, noHardware, type PluggedAdapter, unsaveable } from "./hardware.ts";
import { diskDevice, diskNode, pciDevice } from "./qmp-arguments.ts";

const adapter = (id: string, slot: number): PluggedAdapter => ({
  ...{ id, slot, macAddress: "02:00:00:00:00:01", backend: { kind: "tap" } },
});

describe("the command line of a VM's devices", () => {
  it("recreates what was plugged in with the same ids and addresses, after a journey through JSON", () => {
    const hardware: Hardware = {
      ...noHardware(),
      controllers: [2],
      disks: [{ controller: 2, lun: 9, hostPath: "/a,b", readOnly: true }],
      adapters: [adapter("eth0", 0xd)],
      memory: { sizeMiB: 768, requestedMiB: 512, address: 0x1_0000_0000 },
      balloon: true,
      processors: [{ type: "max-x86_64-cpu", socketId: 0, coreId: 1, threadId: 0, nodeId: 0 }],
    };
    const read: Hardware = { ...noHardware(), ...JSON.parse(JSON.stringify(hardware)) };
    assert.deepEqual(deviceArguments(read, new Map([["eth0", 11]])), [
      "-object",
      '{"qom-type":"memory-backend-memfd","id":"memory0-memory","size":805306368,"share":true,"reserve":false}',
      "-netdev",
      '{"type":"tap","id":"net-eth0","fd":"11"}',
      "-device",
      '{"driver":"virtio-scsi-pci","id":"scsi2","bus":"pci.0","addr":"0x6"}',
      "-device",
      '{"driver":"virtio-net-pci","id":"nic-eth0","netdev":"net-eth0","mac":"02:00:00:00:00:01","romfile":"","bus":"pci.0","addr":"0xd"}',
      "-device",
      '{"driver":"virtio-mem-pci","id":"memory0","memdev":"memory0-memory","requested-size":536870912,"memaddr":4294967296,"bus":"pci.0","addr":"0xb"}',
      "-device",
      '{"driver":"virtio-balloon-pci","id":"balloon0","bus":"pci.0","addr":"0xa"}',
      "-device",
      '{"driver":"max-x86_64-cpu","id":"cpu-0-1-0","socket-id":0,"core-id":1,"thread-id":0,"node-id":0}',
    ]);
    assert.throws(
      () => deviceArguments(read, new Map()),
      (error) => isKind(error, "failed-precondition") && /adapter eth0 has no tap to return to/.test(String(error)),
    );
  });

  it("boots with room to grow, and one controller", () => {
    const sizing = { processors: 1, maxProcessors: 4, memoryMiB: 256, maxMemoryMiB: 1024 };
    assert.deepEqual(growthArguments({ accelerator: "kvm", sizing }), {
      machine: "nvdimm=on",
      memory: "256M,slots=8,maxmem=66560M",
      smp: "1,maxcpus=4",
      kernel: [],
    });
    const { smp, kernel } = growthArguments({ accelerator: "tcg", sizing });
    assert.deepEqual([smp, kernel], ["4,maxcpus=4", ["maxcpus=1"]]);
    assert.deepEqual(growthArguments({ accelerator: "tcg", sizing: { ...sizing, maxProcessors: 1 } }).kernel, []);
    assert.deepEqual(bootControllerArguments(), [
      "-device",
      '{"driver":"virtio-scsi-pci","id":"scsi0","bus":"pci.0","addr":"0x4"}',
    ]);
  });
});

describe("the devices of a VM", () => {
  it("take the lowest free slot, and say when there is none", () => {
    const hardware = noHardware();
    for (let slot = 0xc; slot <= 0x1f; slot++) {
      assert.equal(freeSlot(hardware), slot);
      if (slot % 2 === 0) hardware.adapters.push(adapter(`${slot}`, slot));
      else hardware.pci.push({ id: `${slot}`, address: "0000:03:00.0", slot });
    }
    assert.throws(
      () => freeSlot(hardware),
      (error) => isKind(error, "resource-exhausted") && /all 20 slots/.test(String(error)),
    );
    hardware.adapters.splice(1, 1);
    assert.equal(freeSlot(hardware), 0xe);
  });

  it("say why they can't be saved", () => {
    assert.equal(unsaveable({ ...noHardware(), balloon: true }), undefined);
    assert.match(unsaveable({ ...noHardware(), shares: true }) ?? "", /directory shares/);
    const vpmem = [{ deviceNumber: 0, hostPath: "/i", bytes: 2097152 }];
    assert.match(unsaveable({ ...noHardware(), vpmem }) ?? "", /VPMem/);
    assert.match(unsaveable({ ...noHardware(), pci: [{ id: "g", address: "a", slot: 12 }] }) ?? "", /of the host/);
  });

  it("are read-only all the way down where they are asked to be", () => {
    const disk = { controller: 0, lun: 3, hostPath: "/i", readOnly: true };
    assert.deepEqual(diskNode(disk, { path: "/dev/fdset/1", isBlockDevice: true }), {
      driver: "raw",
      "node-name": "disk-0-3",
      "read-only": true,
      file: { driver: "host_device", filename: "/dev/fdset/1", locking: "off", "read-only": true },
    });
    const writable = diskNode({ ...disk, readOnly: false }, { path: "/dev/fdset/1", isBlockDevice: false });
    assert.deepEqual([writable["read-only"], writable.discard], [false, "unmap"]);
    assert.equal(diskDevice(disk).bus, "scsi0.0");
    assert.deepEqual(pciDevice({ id: "gpu", address: "0000:03:00.0", slot: 0xc }), {
      ...{ driver: "vfio-pci", id: "pci-gpu", host: "0000:03:00.0", bus: "pci.0", addr: "0xc" },
    });
  });
});
