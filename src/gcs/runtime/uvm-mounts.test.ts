import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { kindOf } from "../../errors/shim-error.ts";
import type { MountRequest } from "../storage/ports.ts";
import { withUvmMounts } from "./uvm-mounts.ts";

let bundles: string;
const mounted: MountRequest[] = [];
let mount: (request: MountRequest) => void;

beforeEach(() => {
  bundles = mkdtempSync(join(tmpdir(), "uvm-mounts-"));
  mounted.length = 0;
  mount = (request) => void mounted.push(request);
});
afterEach(() => rmSync(bundles, { recursive: true }));

const annotations = { "io.kubernetes.cri.sandbox-id": "s1" };
const bind = (source: string, destination = "/d") => ({ destination, type: "bind", source, options: ["rbind", "ro"] });
async function sources(...given: string[]): Promise<string[]> {
  const mounts = given.map((source) => bind(source));
  const ports = { bundles, mounts: { mount: (request: MountRequest) => mount(request) } };
  const found = await withUvmMounts("c1", { annotations, mounts }, ports);
  return (found.mounts as { source: string }[]).map(({ source }) => source);
}

describe("hcsshim's names for what a guest has itself", () => {
  it("are directories of the pod, which all of it may write to, and paths of the guest", async () => {
    const pod = join(bundles, "s1");
    const given = ["sandbox:///a/b", "sandbox://c", "sandbox-tmp:///a", `uvm://${bundles}`, "/etc", "tmpfs"];
    const found = [`${pod}/sandboxMounts/a/b`, `${pod}/sandboxMounts/c`, `${pod}/sandboxTmpfsMounts/a`];
    assert.deepEqual(await sources(...given), [...found, bundles, "/etc", "tmpfs"]);
    for (const path of found) assert.equal(statSync(path).mode & 0o777, 0o777, path);
    assert.deepEqual(
      await sources("sandbox:///a/b"),
      [`${pod}/sandboxMounts/a/b`],
      "the next container's are the same",
    );
  });

  it("are a container's own where it has no pod", async () => {
    const found = await withUvmMounts("c1", { mounts: [bind("sandbox:///a")] }, { bundles, mounts: { mount } });
    assert.deepEqual(found.mounts, [bind(join(bundles, "c1/sandboxMounts/a"))]);
  });

  it("mount huge pages once, and again where that failed", async () => {
    const path = join(bundles, "s1/hugepages/2M/a");
    mount = () => {
      throw new Error("planted");
    };
    await assert.rejects(sources("hugepages://2M/a"), /planted/);
    assert.ok(!existsSync(path));
    mount = (request) => void mounted.push(request);
    assert.deepEqual(await sources("hugepages://2M/a", "hugepages://2M/a"), [path, path]);
    assert.deepEqual(mounted, [{ source: "none", target: path, type: "hugetlbfs", flags: 0, data: "pagesize=2M" }]);
  });

  it("lead nowhere else, and to nothing that is not there", async () => {
    const escapes = ["sandbox://../../s2/sandboxMounts/x", "sandbox-tmp:///../../x", "hugepages://../x", "sandbox://"];
    for (const source of escapes) {
      await assert.rejects(sources(source), (error) => kindOf(error) === "invalid-argument", source);
    }
    await assert.rejects(sources("uvm:///no/such/path"), (error) => kindOf(error) === "not-found");
    const specification = { annotations: { "io.kubernetes.cri.sandbox-id": ".." }, mounts: [bind("/x")] };
    await assert.rejects(withUvmMounts("c1", specification, { bundles, mounts: { mount } }), {
      kind: "invalid-argument",
    });
  });

  it("give a container a disk as a block device that it may open as it asks", async (t) => {
    const node = join(bundles, "loop300");
    if (spawnSync("mknod", [node, "b", "7", "300"]).status !== 0) return t.skip("mknod of a block device wants root");
    symlinkSync(node, join(bundles, "link"));
    const source = join(bundles, "link");
    const mounts = [bind(source, "blockdev:///dev/x"), { ...bind(source, "blockdev:///dev/y"), options: ["rbind"] }];
    const linux = { resources: { pids: { limit: 1 }, devices: [{ allow: false, access: "rwm" }] } };
    const found = await withUvmMounts("c1", { mounts, linux }, { bundles, mounts: { mount } });
    assert.deepEqual(found, {
      mounts: [bind(node, "/dev/x"), { ...bind(node, "/dev/y"), options: ["rbind"] }],
      linux: {
        resources: {
          pids: { limit: 1 },
          devices: [
            { allow: false, access: "rwm" },
            { allow: true, type: "b", major: 7, minor: 300, access: "r" },
            { allow: true, type: "b", major: 7, minor: 300, access: "rwm" },
          ],
        },
      },
    });
  });

  it("give a container nothing but block devices as such", async () => {
    mkdirSync(join(bundles, "m"));
    symlinkSync("/dev/null", join(bundles, "m/0"));
    const ports = { bundles, mounts: { mount } };
    const disk = bind(join(bundles, "m/0"), "blockdev:///dev/x");
    await assert.rejects(withUvmMounts("c1", { mounts: [disk] }, ports), {
      ...{ kind: "invalid-argument", message: /is not a block device of the guest/ },
    });
  });
});
