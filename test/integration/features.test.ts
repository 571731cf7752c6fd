import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { RuntimeInfo } from "../../src/generated/containerd/types.ts";
import { shimDirectory } from "../harness/runtime-under-test.ts";
import { useMachine } from "../harness/use-machine.ts";

/** What -info says that a pod's containers can be given, and containerd's CRI then asks for. */
describe("features", () => {
  const machine = useMachine();

  it("a mount with rro is read-only with all that is mounted below it", async (t) => {
    const { ctr, runtime } = machine();
    if (runtime.isPeer) return t.skip("-info is asked of our shim");
    const info = execFileSync(join(shimDirectory, runtime.binary), ["-info"], { stdio: ["ignore", "pipe", "inherit"] });
    const features = JSON.parse(new TextDecoder().decode(RuntimeInfo.decode(info).features?.value));
    assert.ok(features.mountOptions.includes("rro"));

    const directory = mkdtempSync(join(tmpdir(), "uvm-rro-"));
    const below = join(directory, "below");
    mkdirSync(below);
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", below]);
    try {
      const mount = (at: string, options: string) => [
        "--mount",
        `type=bind,src=${directory},dst=${at},options=${options}`,
      ];
      const mounts = [...mount("/mnt", "rbind:rro"), ...mount("/rw", "rbind:rw")];
      const write = "for at in /mnt /mnt/below /rw /rw/below; do touch $at/file && echo written $at; done";
      const { stdout, stderr } = await ctr.run(machine().id("rro"), ["sh", "-c", write], mounts);
      assert.equal(stdout, "written /rw\nwritten /rw/below\n", stderr);
      assert.equal(stderr.match(/Read-only file system/g)?.length, 2, stderr);
    } finally {
      execFileSync("umount", [below]);
      rmSync(directory, { recursive: true });
    }
  });
});
