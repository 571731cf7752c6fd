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
      const write = "for at in /mnt /mnt/below; do touch $at/file && echo written $at; done";
      const run = async (options: string) => {
        const mount = ["--mount", `type=bind,src=${directory},dst=/mnt,options=${options}`];
        return await ctr.run(machine().id("rro"), ["sh", "-c", write], mount);
      };
      const readOnly = await run("rbind:rro");
      assert.equal(readOnly.stdout, "");
      assert.equal(readOnly.stderr.match(/Read-only file system/g)?.length, 2, readOnly.stderr);
      assert.equal((await run("rbind:rw")).stdout, "written /mnt\nwritten /mnt/below\n");
    } finally {
      execFileSync("umount", [below]);
      rmSync(directory, { recursive: true });
    }
  });
});
