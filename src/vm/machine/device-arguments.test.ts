import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Disk } from "../configuration.ts";
import type { Nic } from "../nic-options.ts";
import { diskDevice, rawNode, vmdkNode } from "./disks.ts";
import { nicDevice, nicNetdev } from "./nics.ts";
import { shareChardev, shareDevice } from "./shares.ts";

const disk: Disk = { kind: "disk", id: "layer-1", hostPath: "/a", readOnly: true, vmdk: false };

describe("what QEMU is told of a device", () => {
  it("a disk: its serial number is its id, its slot its place", () => {
    assert.deepEqual(diskDevice(disk, 0xc), {
      ...{ driver: "virtio-blk-pci", id: "dev-12", drive: "disk-12", serial: "layer-1" },
      ...{ werror: "report", rerror: "report", bus: "pci.0", addr: "0xc" },
    });
  });

  it("an image: read-only in each of its nodes, or with its blocks given back", () => {
    const path = "/dev/fdset/1";
    assert.deepEqual(rawNode(disk, 12, { path, isBlockDevice: false }), {
      ...{ driver: "raw", "node-name": "disk-12", "read-only": true },
      file: { driver: "file", filename: path, locking: "off", "read-only": true },
    });
    assert.deepEqual(rawNode({ ...disk, readOnly: false }, 12, { path, isBlockDevice: true }), {
      ...{ driver: "raw", "node-name": "disk-12", "read-only": false, discard: "unmap" },
      file: { driver: "host_device", filename: path, locking: "off", "read-only": false, discard: "unmap" },
    });
    assert.deepEqual(vmdkNode(disk, 12, path), {
      ...{ driver: "vmdk", "node-name": "disk-12", "read-only": true },
      file: { driver: "file", filename: path, locking: "off", "read-only": true },
    });
  });

  it("a share: its tag, behind a socket that is named like its chardev", () => {
    assert.deepEqual(shareChardev(13), {
      id: "share-13",
      backend: { type: "socket", data: { addr: { type: "fd", data: { str: "share-13" } }, server: false } },
    });
    const device = shareDevice({ kind: "share", tag: "files", hostPath: "/a", readOnly: false }, 13);
    assert.deepEqual([device.driver, device.tag, device.chardev], ["vhost-user-fs-pci", "files", "share-13"]);
  });

  it("an adapter: what of its features is chosen, and nothing where all are", () => {
    const nic: Nic = {
      ...{ kind: "nic", endpoint: "/n", macAddress: "02:00:00:00:00:01", mode: "unixgram" },
      ...{ features: undefined, vfkit: false },
    };
    assert.deepEqual(nicNetdev(14), { type: "socket", id: "net-14", fd: "net-14" });
    const plain = {
      ...{ driver: "virtio-net-pci", id: "dev-14", netdev: "net-14", mac: "02:00:00:00:00:01" },
      ...{ romfile: "", bus: "pci.0", addr: "0xe" },
    };
    assert.deepEqual(nicDevice(nic, 14), plain);
    assert.deepEqual(nicDevice({ ...nic, features: ["mac", "status"] }, 14), {
      ...plain,
      ...{ mrg_rxbuf: false, status: true, ctrl_vq: false, ctrl_rx: false, ctrl_vlan: false },
      ...{ guest_announce: false, ctrl_mac_addr: false },
    });
  });
});
