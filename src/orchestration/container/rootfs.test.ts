import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { mountsUnder } from "../../sys/mountinfo.ts";
import type { Mount } from "../events.ts";
import { hostRootfs } from "./rootfs.ts";

const root = process.getuid?.() === 0 ? false : "wants root: it mounts";

describe("a root file system on this host", { skip: root }, () => {
  let directory = "";
  let target = "";
  const mount = (type: string, source: string, options: string[]): Mount => ({ type, source, target: "", options });
  const parts = (): Mount[] => [
    mount("tmpfs", "tmpfs", ["size=1m"]),
    mount("bind", join(directory, "top"), ["rbind", "ro"]),
    mount("bind", join(directory, "base"), ["rbind", "ro"]),
    mount("format/mkdir/overlay", "overlay", [
      "X-containerd.mkdir.path={{ mount 0 }}/upper:0751",
      "X-containerd.mkdir.path={{ mount 0 }}/work",
      "lowerdir={{ overlay 1 2 }}",
      "upperdir={{ mount 0 }}/upper",
      "workdir={{ mount 0 }}/work",
    ]),
  ];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "uvm-rootfs-"));
    target = join(directory, "bundle", "rootfs");
    for (const name of ["top", "base"]) {
      mkdirSync(join(directory, name));
      writeFileSync(join(directory, name, "name"), name);
      writeFileSync(join(directory, name, `only-${name}`), "");
    }
  });
  afterEach(async () => {
    await hostRootfs.unmount(target);
    assert.deepEqual(mountsUnder(directory), []);
    rmSync(directory, { recursive: true });
  });

  it("is composed as the templates say, and its parts are out of sight", async () => {
    await hostRootfs.mount(parts(), target);
    assert.deepEqual(mountsUnder(directory), [target]);
    assert.deepEqual(readdirSync(join(directory, "bundle")), ["rootfs"]);
    assert.deepEqual(readdirSync(target).sort(), ["name", "only-base", "only-top"]);
    assert.equal(readFileSync(join(target, "name"), "utf8"), "top");
    assert.equal(statSync(target).mode & 0o777, 0o751);
    writeFileSync(join(target, "name"), "changed");
    assert.equal(readFileSync(join(directory, "top", "name"), "utf8"), "top");
  });

  it("of one part is a bind of it", async () => {
    const [, top] = parts();
    await hostRootfs.mount([top as Mount, mount("format/bind", "{{ mount 0 }}", ["rbind", "ro"])], target);
    assert.deepEqual(mountsUnder(directory), [target]);
    assert.deepEqual(readdirSync(target).sort(), ["name", "only-top"]);
  });

  it("that fails at any part leaves none", async () => {
    for (const index of [0, 1, 2, 3]) {
      const mounts = parts().map((each, i) =>
        i === index ? { ...each, type: each.type.replace(/\w+$/, "nofs"), source: "/no/such" } : each,
      );
      await assert.rejects(hostRootfs.mount(mounts, target), (error) => isKind(error, "invalid-argument"));
      assert.deepEqual(mountsUnder(directory), []);
      assert.equal(existsSync(`${target}.parts`), false);
    }
  });

  it("is refused where an integrity check was asked for", async () => {
    const verity = mount("erofs", "/a", ["ro", "X-containerd.dmverity=/a.dmverity"]);
    await assert.rejects(hostRootfs.mount([verity], target), /dm-verity is not supported/);
  });
});
