import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deviceArguments } from "./devices/device-arguments.ts";
import { isDocument, isHardware } from "./saved-shape.ts";

const hardware = {
  ...{ controllers: [1], disks: [{ controller: 0, lun: 1, hostPath: "/d", readOnly: true }] },
  adapters: [{ id: "eth0", macAddress: "52:54:00:00:00:01", slot: 12, backend: { kind: "tap" } }],
  ...{
    vpmem: [{ deviceNumber: 0, hostPath: "/i", bytes: 4096 }],
    pci: [{ id: "p", address: "0000:03:00.0", slot: 13 }],
  },
  processors: [{ type: "qemu64-x86_64-cpu", socketId: 1, coreId: 0, threadId: 0 }],
  memory: { sizeMiB: 3840, requestedMiB: 128, address: 4294967296 },
  ...{ balloon: true, shares: false },
};
const document = { accelerator: "tcg", machine: "pc", sizing: {}, kernelArguments: ["debug"] };

describe("what a saved VM is made of", () => {
  it("is as it was written, also without what may be missing", () => {
    const { memory: _, ...less } = hardware;
    for (const value of [hardware, less, { ...hardware, processors: [{ type: "x" }] }]) {
      assert.ok(isHardware(value));
      deviceArguments(value, new Map([["eth0", 4]]));
    }
    assert.ok(isDocument(document));
  });

  for (const [member, values] of Object.entries({
    controllers: [undefined, ["1"], [-1], [2n ** 64n], [32]],
    disks: [{}, [null], [{}], [{ ...hardware.disks[0], lun: "1" }]],
    adapters: [
      ...[[{ ...hardware.adapters[0], slot: undefined }], [{ ...hardware.adapters[0], backend: undefined }]],
      [{ ...hardware.adapters[0], backend: { kind: "unix-stream" } }],
    ],
    processors: [[{}], [{ type: "x", socketId: {} }], [{ type: "loader,file=/etc/shadow" }]],
    memory: [null, {}, { ...hardware.memory, sizeMiB: 2n ** 64n }],
    balloon: [undefined, 1],
  })) {
    it(`is refused with other ${member}`, () => {
      for (const value of values) assert.ok(!isHardware({ ...hardware, [member]: value }), String(member));
    });
  }

  it("is refused with another document", () => {
    for (const wrong of [
      { machine: 5 },
      { machine: "pc,dumpdtb=/x" },
      { accelerator: "x" },
      { sizing: null },
      { kernelArguments: [{}] },
    ]) {
      assert.ok(!isDocument({ ...document, ...wrong }));
    }
  });
});
