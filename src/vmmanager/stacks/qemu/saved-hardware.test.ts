import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { noHardware } from "./devices/hardware.ts";
import { withDisks } from "./saved-hardware.ts";

const disk = (hostPath: string) => ({ controller: 0, lun: 1, hostPath, readOnly: false });
const disks = new Map([["/then", "/now"]]);

describe("the hardware of a saved VM that may have come from elsewhere", () => {
  it("has the disks that it is given, in their places", () => {
    const { disks: found } = withDisks({ ...noHardware(), disks: [disk("/then")] }, disks, "/saved");
    assert.deepEqual(found, [disk("/now")]);
  });

  it("is refused where it names anything else of this host", () => {
    const backend = { kind: "unix-stream", path: "/run/containerd/containerd.sock" } as const;
    for (const more of [
      { disks: [disk("/etc/shadow")] },
      { adapters: [{ id: "eth0", macAddress: "52:54:00:00:00:01", slot: 12, backend }] },
      { vpmem: [{ deviceNumber: 0, hostPath: "/etc/shadow", bytes: 4096 }] },
      { pci: [{ id: "p", address: "0000:03:00.0", slot: 13 }] },
      { shares: true },
    ]) {
      assert.throws(() => withDisks({ ...noHardware(), ...more }, disks, "/saved"), { kind: "data-loss" });
    }
  });
});
