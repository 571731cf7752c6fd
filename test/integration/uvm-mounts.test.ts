import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "node:test";
import { itInVm } from "../harness/it-in-vm.ts";
import { useMachine } from "../harness/use-machine.ts";

/** hcsshim's mount types and names, in a VM. */
describe("mounts as hcsshim's users write them", () => {
  const machine = useMachine();

  itInVm("of disks, as a file system and as a block device, and of what the guest has itself", async () => {
    const { ctr } = machine();
    const directory = mkdtempSync(join(tmpdir(), "uvm-mounts-"));
    const image = (name: string): string => {
      const path = join(directory, name);
      writeFileSync(path, "");
      truncateSync(path, 16 << 20);
      execFileSync("mke2fs", ["-q", "-t", "ext4", path]);
      return path;
    };
    try {
      const mount = (type: string, src: string, dst: string, options: string): string[] => [
        ...["--mount", `type=${type},src=${src},dst=${dst},options=${options}`],
      ];
      const mounts = [
        ...mount("virtual-disk", image("a.img"), "/data", "rbind:rw"),
        ...mount("physical-disk", image("b.img"), "blockdev:///dev/disk", "rbind:ro"),
        ...mount("bind", "sandbox:///shared", "/shared", "rbind:rw"),
        ...mount("bind", "uvm:///etc/hostname", "/of-the-guest", "rbind:ro"),
      ];
      const script = [
        "echo kept > /data/file && grep -c ' /data ext4 rw' /proc/mounts",
        "test -b /dev/disk && dd if=/dev/disk of=/dev/null bs=512 count=8 2>/dev/null && echo read",
        "dd if=/dev/zero of=/dev/disk bs=512 count=1 2>/dev/null || echo refused",
        "touch /shared/file && echo shared",
        "test -f /of-the-guest && echo there",
      ].join("; ");
      const { stdout, stderr } = await ctr.run(machine().id("uvm-mounts"), ["sh", "-c", script], mounts);
      assert.equal(stdout, "1\nread\nrefused\nshared\nthere\n", stderr);
      assert.match(
        execFileSync("debugfs", ["-R", "cat /file", join(directory, "a.img")], { encoding: "utf8" }),
        /kept/,
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
