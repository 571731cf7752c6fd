/** What the stack `remotevm` adds to a VM of `uvm-vmservice` while it runs, as the guest sees it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import { openTap } from "../../src/sys/tap.ts";
import { createRemoteStack } from "../../src/vmmanager/stacks/remotevm/stack.ts";
import { notBootable } from "./uvm.ts";

const MAC = "02:00:00:00:00:05";
const SECTORS = 8192;

describe("the devices of a VM of stack remotevm", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  it("come and go in the guest: an adapter on a tap whose fd was passed, a disk, each once more after it has gone", async () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), "uvm-remotevm-"));
    const image = resolve("out/uvm");
    const stack = createRemoteStack({
      service: { binary: resolve("out/uvm-vmservice") },
      ...{ kernel: `${image}/vmlinuz`, initrd: `${image}/initrd.cpio`, root: `${image}/root.erofs` },
    });
    const disk = join(stateDirectory, "disk.img");
    writeFileSync(disk, "");
    truncateSync(disk, SECTORS * 512);
    const uvm = await stack.create({ id: "v1", stateDirectory });
    try {
      const guest = createGuest({ sockets: uvm.sockets });
      guest.prepareConnection();
      await uvm.start();
      await guest.createConnection();
      /** Until it holds in the guest, which may be slow: its drivers are loaded while this asks. */
      const holds = async (condition: string): Promise<void> => {
        const script = `for i in $(seq 600); do ${condition} && exit 0; sleep 0.1; done; exit 1`;
        const asked = await guest.createProcess({ commandArgs: ["sh", "-c", script] });
        assert.equal(await asked.exitCode, 0, condition);
      };
      const adapterIsThere = `grep -q ${MAC} /sys/class/net/*/address`;
      const diskIsThere = `grep -qx ${SECTORS} /sys/class/block/sd*/size`;
      const at = { controller: 0, lun: 2 };
      // Each time another tap: the former one goes when the last copy of its fd is closed.
      for (const tap of [`uvma${process.pid}`, `uvmb${process.pid}`]) {
        await uvm.addNetworkAdapter({ id: "a1", macAddress: MAC, backend: { kind: "tap", fd: openTap(tap) } });
        await uvm.addScsiDisk({ ...at, hostPath: disk, readOnly: true });
        await holds(adapterIsThere);
        await holds(diskIsThere);
        await uvm.removeNetworkAdapter("a1");
        await uvm.removeScsiDisk(at);
        await holds(`! ${adapterIsThere}`);
        await holds(`! ${diskIsThere}`);
      }
    } finally {
      await uvm.close();
      rmSync(stateDirectory, { recursive: true });
    }
  });
});
