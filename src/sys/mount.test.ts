import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { isKind } from "../errors/shim-error.ts";
import { openFds } from "./fd-leaks.ts";
import { close, open } from "./libc.ts";
import { mountAll, mountOne, unmount, unmountRecursive } from "./mount.ts";
import { MS, parseMountOptions } from "./mount-options.ts";
import { mountsUnder, mountTable, parseMountInfo } from "./mountinfo.ts";
import { errorCode } from "./sys-error.ts";

describe("mount options", () => {
  it("sets and clears flags in order, and leaves the file system its own", () => {
    assert.deepEqual(parseMountOptions(["rbind", "ro", "nosuid", "rprivate", "size=64k", "mode=755"]), {
      flags: MS.BIND | MS.REC | MS.RDONLY | MS.NOSUID,
      propagation: [MS.PRIVATE | MS.REC],
      data: "size=64k,mode=755",
      loop: false,
    });
    assert.equal(parseMountOptions(["ro", "rw", "noexec", "exec", "defaults"]).flags, 0);
    assert.equal(parseMountOptions(["loop", "ro"]).loop, true);
    assert.equal(parseMountOptions(["X-containerd.mkfs.fs=ext4", "x-systemd.automount"]).data, "");
  });

  it("refuses id-mapped mounts rather than mount without the map", () => {
    assert.throws(
      () => parseMountOptions(["uidmap=0:1000:1"]),
      (error) => isKind(error, "unimplemented"),
    );
  });
});

describe("mount table", () => {
  it("unescapes paths and finds the end of the optional fields", () => {
    const [entry] = parseMountInfo(
      "36 35 98:0 /a\\040b /mnt/with\\040space\\134x rw,noatime shared:1 master:2 - ext4 /dev/root rw,errors=continue\n",
    );
    assert.deepEqual(entry, {
      id: 36,
      parentId: 35,
      root: "/a b",
      mountPoint: "/mnt/with space\\x",
      options: ["rw", "noatime"],
      propagation: ["shared:1", "master:2"],
      fsType: "ext4",
      source: "/dev/root",
      superOptions: ["rw", "errors=continue"],
    });
  });

  it("reads this host's", () => {
    assert.ok(mountTable().some(({ mountPoint }) => mountPoint === "/proc"));
  });
});

describe("mounts", { skip: process.getuid?.() === 0 ? false : "mount(2) wants root" }, () => {
  let directory = "";
  let target = "";
  before(() => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), "uvm mount-")));
    target = join(directory, "target");
    for (const name of ["target", "source", "source/deep", "upper", "work"]) mkdirSync(join(directory, name));
    writeFileSync(join(directory, "source/file"), "from the source");
  });
  afterEach(() => {
    assert.deepEqual(unmountRecursive(target), []);
    assert.deepEqual(mountsUnder(directory), []);
  });
  after(() => {
    assert.deepEqual(
      [...openFds().values()].filter((path) => /^\/dev\/loop/.test(path) || path.startsWith(directory)),
      [],
    );
    rmSync(directory, { recursive: true });
  });
  const source = () => join(directory, "source");

  it("binds, read-only in a second step", () => {
    mountOne({ type: "bind", source: source(), options: ["rbind", "ro", "nosuid"] }, target);
    assert.equal(readFileSync(join(target, "file"), "utf8"), "from the source");
    assert.throws(
      () => writeFileSync(join(target, "new"), ""),
      (error) => errorCode(error) === "EROFS",
    );
    const entry = mountTable().find(({ mountPoint }) => mountPoint === target);
    assert.ok(entry?.options.includes("ro") && entry.options.includes("nosuid"));
    writeFileSync(join(source(), "file"), "from the source");
  });

  it("sets the propagation", () => {
    mountOne({ type: "tmpfs", source: "tmpfs", options: ["rshared", "size=64k"] }, target);
    assert.match(
      mountTable()
        .find(({ mountPoint }) => mountPoint === target)
        ?.propagation.join() ?? "",
      /^shared:/,
    );
  });

  it("unmounts everything at and below a path, stacked mounts too, and says what was busy", () => {
    mountAll(
      [
        { type: "bind", source: source(), options: ["bind"] },
        { type: "tmpfs", source: "tmpfs", target: "deep", options: [] },
        { type: "tmpfs", source: "tmpfs", options: [] },
      ],
      target,
    );
    assert.deepEqual(mountsUnder(target), [target, join(target, "deep"), target]);
    assert.deepEqual(mountsUnder(`${target}/`).length, 3);
    writeFileSync(join(target, "held"), "");
    const held = open(join(target, "held"), 0);
    assert.deepEqual(unmountRecursive(target), [target]);
    close(held);
    assert.equal(unmount(target), false, "nothing mounted is an answer");
    assert.deepEqual(unmountRecursive(join(directory, "never-was")), []);
  });

  for (const name of ["a space", "back\\slash", "tab\tline\n", "#41", "ü"]) {
    it(`finds what is mounted on ${JSON.stringify(name)}`, () => {
      const [named, other] = [join(target, name), join(target, `${name}er`)];
      mkdirSync(other);
      mountOne({ type: "tmpfs", source: "tmpfs", options: [] }, other);
      assert.deepEqual(mountsUnder(named), []);
      mkdirSync(named);
      mountOne({ type: "tmpfs", source: "tmpfs", options: [] }, named);
      assert.deepEqual(mountsUnder(named), [named]);
      for (const each of [named, other]) assert.deepEqual(unmountRecursive(each), []);
    });
  }

  it("unmounts what is below before what is above: nothing is busy then", () => {
    mountOne({ type: "bind", source: source(), options: ["bind"] }, target);
    mountOne({ type: "tmpfs", source: "tmpfs", options: [] }, join(target, "deep"));
    assert.deepEqual(unmountRecursive(target), []);
    assert.deepEqual(mountsUnder(target), []);
  });

  it("mounts all or nothing", () => {
    assert.throws(
      () =>
        mountAll(
          [
            { type: "bind", source: source(), options: ["bind"] },
            { type: "bind", source: join(directory, "absent"), target: "deep", options: ["bind"] },
          ],
          target,
        ),
      (error) => errorCode(error) === "ENOENT",
    );
    assert.deepEqual(mountsUnder(target), []);
    assert.throws(
      () => mountOne({ type: "tmpfs", source: "tmpfs", target: "../outside", options: [] }, target),
      (error) => isKind(error, "invalid-argument"),
    );
  });

  it("mounts an overlay of more layers than one page of options names, and refuses what cannot fit", () => {
    const layers = Array.from({ length: 60 }, (_, i) =>
      join(directory, "source", "layers".repeat(10), String(i), "fs"),
    );
    for (const [i, layer] of layers.entries()) {
      mkdirSync(layer, { recursive: true });
      writeFileSync(join(layer, `file-${i}`), "");
    }
    const cwd = process.cwd();
    const options = [
      `workdir=${join(directory, "work")}`,
      `upperdir=${join(directory, "upper")}`,
      `lowerdir=${layers.join(":")}`,
    ];
    assert.ok(options.join(",").length > 4095);
    mountOne({ type: "overlay", source: "overlay", options }, target);
    assert.equal(process.cwd(), cwd);
    assert.equal(readdirSync(target).length, 60);
    unmountRecursive(target);
    const scattered = layers.map((layer, i) => `/${i}${layer}`);
    assert.throws(
      () => mountOne({ type: "overlay", source: "overlay", options: [`lowerdir=${scattered.join(":")}`] }, target),
      (error) => isKind(error, "invalid-argument") && /fewer layers/.test(String(error)),
    );
  });

  const loop = existsSync("/dev/loop-control") && existsSync("/sbin/mkfs.ext4");
  it("mounts an image file on a loop device that frees itself", {
    skip: loop ? false : "wants loop devices and mkfs.ext4",
  }, () => {
    const image = join(directory, "image");
    writeFileSync(image, "");
    truncateSync(image, 1 << 20);
    execFileSync("/sbin/mkfs.ext4", ["-q", image], { stdio: "ignore" });
    mountOne({ type: "ext4", source: image, options: ["loop", "ro"] }, target);
    assert.deepEqual(readdirSync(target), ["lost+found"]);
    const device = mountTable().find(({ mountPoint }) => mountPoint === target)?.source ?? "";
    assert.match(device, /^\/dev\/loop\d+$/);
    unmountRecursive(target);
    const backing = `/sys/block/${device.slice(5)}/loop/backing_file`;
    assert.equal(existsSync(backing) && readFileSync(backing, "utf8").trim() === image, false);
  });
});
