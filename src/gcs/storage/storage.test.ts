import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type ErrorKind, isKind, notFound } from "../../errors/shim-error.ts";
import { attachLoopDevice, type LoopDevice } from "../../sys/loop-device.ts";
import { mountsUnder, mountTable } from "../../sys/mountinfo.ts";
import { runProgram } from "../run-program.ts";
import { bindShares } from "./bind-shares.ts";
import { probeFileSystem } from "./file-system.ts";
import { pmemDevices } from "./pmem-devices.ts";
import type { DiskResolver, MountCalls, MountRequest } from "./ports.ts";
import { storageResources } from "./resources.ts";
import { systemMounts } from "./system-mounts.ts";

const skip = process.getuid?.() === 0 ? false : "wants root: it mounts";

let directory = "";
const at = (...path: string[]): string => join(directory, ...path);
let loop: LoopDevice | undefined;
const released: string[] = [];

const disks: DiskResolver = {
  async find({ controller, lun }) {
    if (loop === undefined || controller !== 1 || lun !== 2) throw notFound(`no disk ${controller}:${lun}`);
    return loop.path;
  },
  async release({ controller, lun }) {
    released.push(`${controller}:${lun}`);
  },
};

function resources(calls: MountCalls = systemMounts) {
  const shares = bindShares((name) =>
    name === "share" ? at("share") : name === "file" ? at("share/file") : undefined,
  );
  const pmem = pmemDevices(async () => {}, { dev: at("dev"), withinMs: 0 });
  const all = storageResources(calls, runProgram, { shares, disks, pmem });
  return async (type: string, request: string, settings: unknown): Promise<void> => {
    const method = all[type]?.[request];
    assert.ok(method, `${type} ${request}`);
    await method(settings);
  };
}

/** Real mounts, but the one that `fails` says throws. */
function failing(fails: (request: MountRequest) => boolean): MountCalls {
  return {
    ...systemMounts,
    mount(request) {
      if (fails(request)) throw new Error("planted");
      systemMounts.mount(request);
    },
  };
}

const refuses = (promise: Promise<unknown>, kind: ErrorKind, text = /./) =>
  assert.rejects(promise, (error: Error) => {
    assert.ok(isKind(error, kind), `wanted ${kind}, got ${error}`);
    assert.match(error.message, text);
    return true;
  });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "gcs-storage-"));
  for (const [name, file] of [
    ["l0", "top"],
    ["l1", "base"],
    ["share", "file"],
  ] as const) {
    mkdirSync(at(name));
    writeFileSync(at(name, file), name);
  }
});

afterEach(() => {
  loop?.close();
  loop = undefined;
  const left = mountsUnder(directory);
  for (const path of left.reverse()) systemMounts.unmount(path);
  rmSync(directory, { recursive: true });
  assert.deepEqual(left, [], "mounts left over");
});

const layers = (...names: string[]) => names.map((name) => ({ Id: name, Path: at(name) }));

describe("CombinedLayers", { skip }, () => {
  it("joins the layers, topmost first, with a scratch to write to", async () => {
    const modify = resources();
    writeFileSync(at("l1/top"), "hidden");
    const settings = { ContainerRootPath: at("c1/rootfs"), Layers: layers("l0", "l1"), ScratchPath: at("scratch/c1") };
    await modify("CombinedLayers", "Add", settings);
    assert.equal(readFileSync(at("c1/rootfs/top"), "utf8"), "l0");
    assert.equal(readFileSync(at("c1/rootfs/base"), "utf8"), "l1");
    writeFileSync(at("c1/rootfs/new"), "new");
    assert.equal(readFileSync(at("scratch/c1/upper/new"), "utf8"), "new");
    await refuses(modify("CombinedLayers", "Add", settings), "already-exists", /is mounted; cannot mount on it again/);
    await modify("CombinedLayers", "Remove", { ContainerRootPath: at("c1/rootfs") });
    assert.equal(existsSync(at("c1/rootfs")), false);
    await modify("CombinedLayers", "Remove", { ContainerRootPath: at("c1/rootfs") });
  });

  for (const names of [["l0"], ["l0", "l1"]]) {
    it(`is read-only without a scratch, from ${names.length} layer(s)`, async () => {
      const modify = resources();
      await modify("CombinedLayers", "Add", { ContainerRootPath: at("root"), Layers: layers(...names) });
      assert.equal(readFileSync(at("root/top"), "utf8"), "l0");
      assert.throws(() => writeFileSync(at("root/new"), ""), /EROFS/);
      await modify("CombinedLayers", "Remove", { ContainerRootPath: at("root") });
    });
  }

  it("takes paths with the characters that overlayfs splits at", async () => {
    const modify = resources();
    mkdirSync(at("a:b,c"));
    writeFileSync(at("a:b,c/odd"), "odd");
    await modify("CombinedLayers", "Add", {
      ContainerRootPath: at("root"),
      Layers: layers("a:b,c", "l1"),
      ScratchPath: at("s:c,r"),
    });
    assert.equal(readFileSync(at("root/odd"), "utf8"), "odd");
    await modify("CombinedLayers", "Remove", { ContainerRootPath: at("root") });
  });

  it("leaves nothing of a failed one", async () => {
    const settings = { ContainerRootPath: at("c1/rootfs"), Layers: layers("l0", "none"), ScratchPath: at("scratch") };
    await refuses(resources()("CombinedLayers", "Add", settings), "not-found", /overlay mount/);
    assert.equal(existsSync(at("c1")), false);
    assert.equal(existsSync(at("scratch/upper")), false);
    const remount = failing((request) => request.source === "");
    const one = { ContainerRootPath: at("c1/rootfs"), Layers: layers("l0") };
    await assert.rejects(resources(remount)("CombinedLayers", "Add", one), /planted/);
    assert.deepEqual(mountsUnder(directory), []);
  });

  for (const [what, settings] of [
    ["no layers", { ContainerRootPath: "/x/root" }],
    ["a relative root", { ContainerRootPath: "root", Layers: [{ Path: "/x" }] }],
    ["a root that climbs", { ContainerRootPath: "/x/../root", Layers: [{ Path: "/x" }] }],
    ["layers that are no list", { ContainerRootPath: "/x", Layers: 7 }],
    [
      "more layers than a mount takes",
      { ContainerRootPath: "/x", Layers: Array(300).fill({ Path: "/some/long/path" }) },
    ],
    ["no object", null],
  ] as const) {
    it(`refuses ${what}`, () => refuses(resources()("CombinedLayers", "Add", settings), "invalid-argument"));
  }
});

describe("MappedDirectory", { skip }, () => {
  it("shows a directory of the host by its share's name", async () => {
    const modify = resources();
    const settings = { MountPath: at("mnt"), ShareName: "share" };
    await modify("MappedDirectory", "Add", settings);
    writeFileSync(at("mnt/new"), "");
    assert.equal(existsSync(at("share/new")), true);
    await refuses(modify("MappedDirectory", "Add", settings), "already-exists");
    await modify("MappedDirectory", "Remove", { MountPath: at("mnt") });
    await modify("MappedDirectory", "Remove", { MountPath: at("mnt") });
    assert.equal(existsSync(at("mnt")), false);
  });

  it("is read-only where that is asked for, also for a single file", async () => {
    const modify = resources();
    await modify("MappedDirectory", "Add", { MountPath: at("mnt/file"), ShareName: "file", ReadOnly: true });
    assert.equal(readFileSync(at("mnt/file"), "utf8"), "share");
    assert.throws(() => writeFileSync(at("mnt/file"), ""), /EROFS/);
    await modify("MappedDirectory", "Remove", { MountPath: at("mnt/file") });
    assert.equal(existsSync(at("mnt/file")), false);
  });

  it("leaves nothing of a failed one, and knows no other shares", async () => {
    const remount = failing((request) => request.source === "");
    const settings = { MountPath: at("a/b"), ShareName: "share", ReadOnly: true };
    await assert.rejects(resources(remount)("MappedDirectory", "Add", settings), /planted/);
    await refuses(resources()("MappedDirectory", "Add", { ...settings, ShareName: "x" }), "not-found", /share "x"/);
    assert.deepEqual(mountsUnder(directory), []);
  });
});

describe("MappedVirtualDisk", { skip }, () => {
  const attach = (): LoopDevice => {
    writeFileSync(at("disk"), "");
    truncateSync(at("disk"), 16 * 1024 * 1024);
    loop = attachLoopDevice(at("disk"));
    return loop;
  };
  const disk = (change: object = {}) => ({ MountPath: at("mnt"), Controller: 1, Lun: 2, ...change });

  it("is formatted where it is blank, mounted, and found as it was left", async () => {
    const modify = resources();
    attach();
    await modify(
      "MappedVirtualDisk",
      "Add",
      disk({ EnsureFilesystem: true, Filesystem: "ext4", Options: ["nosuid", "noatime"] }),
    );
    writeFileSync(at("mnt/data"), "kept");
    const [entry] = mountTable().filter(({ mountPoint }) => mountPoint === at("mnt"));
    assert.equal(entry?.fsType, "ext4");
    assert.ok(entry?.options.includes("nosuid") && entry.options.includes("noatime"));
    await modify("MappedVirtualDisk", "Remove", disk());
    await modify("MappedVirtualDisk", "Add", disk({ EnsureFilesystem: true, ReadOnly: true }));
    assert.equal(readFileSync(at("mnt/data"), "utf8"), "kept");
    assert.throws(() => writeFileSync(at("mnt/data"), ""), /EROFS/);
    await modify("MappedVirtualDisk", "Remove", disk());
    await modify("MappedVirtualDisk", "Remove", disk());
    await modify("SCSIDevice", "Remove", { Controller: 1, Lun: 2 });
    assert.equal(released.pop(), "1:2");
  });

  it("is never formatted over what it holds", async () => {
    attach();
    writeFileSync(at("disk"), Buffer.alloc(4096, 1), { flag: "r+" });
    const settings = disk({ EnsureFilesystem: true });
    await refuses(
      resources()("MappedVirtualDisk", "Add", settings),
      "failed-precondition",
      /holds other data; cannot format/,
    );
  });

  it("is a link where the block device itself is wanted", async () => {
    const modify = resources();
    const { path } = attach();
    await modify("MappedVirtualDisk", "Add", disk({ BlockDev: true, MountPath: at("dev/data") }));
    assert.equal(existsSync(at("dev/data")), true);
    await refuses(
      modify("MappedVirtualDisk", "Add", disk({ BlockDev: true, MountPath: at("dev/data") })),
      "already-exists",
    );
    await modify("MappedVirtualDisk", "Remove", disk({ MountPath: at("dev/data") }));
    assert.equal(existsSync(at("dev/data")), false);
    assert.equal(existsSync(path), true);
  });

  for (const [what, change, kind] of [
    ["a disk that is not there", { Lun: 3 }, "not-found"],
    ["an encrypted disk", { Encrypted: true }, "unimplemented"],
    ["a verified disk", { VerityInfo: {} }, "unimplemented"],
    ["a file system that is unknown", { EnsureFilesystem: true, Filesystem: "nofs" }, "invalid-argument"],
    ["a LUN that is none", { Lun: 256 }, "invalid-argument"],
  ] as const) {
    it(`refuses ${what}`, () => {
      attach();
      return refuses(resources()("MappedVirtualDisk", "Add", disk(change)), kind);
    });
  }
});

describe("VPMemDevice", { skip }, () => {
  it("is mounted read-only by its number, as what it holds", async () => {
    const modify = resources();
    writeFileSync(at("image"), "");
    truncateSync(at("image"), 16 * 1024 * 1024);
    await runProgram(["mkfs.ext4", "-q", "-F", at("image")]);
    loop = attachLoopDevice(at("image"), { readOnly: true });
    mkdirSync(at("dev"));
    symlinkSync(loop.path, at("dev/pmem3"));
    const settings = { DeviceNumber: 3, MountPath: at("mnt") };
    await modify("VPMemDevice", "Add", settings);
    const [entry] = mountTable().filter(({ mountPoint }) => mountPoint === at("mnt"));
    assert.equal(entry?.fsType, "ext4");
    assert.ok(entry?.options.includes("ro"));
    await refuses(modify("VPMemDevice", "Add", settings), "already-exists");
    await modify("VPMemDevice", "Remove", settings);
    await modify("VPMemDevice", "Remove", settings);
  });

  for (const [what, change, kind] of [
    ["a device that is not there", { DeviceNumber: 4 }, "not-found"],
    ["a part of a device", { MappingInfo: { DeviceSizeInBytes: 4096 } }, "unimplemented"],
    ["a verified device", { VerityInfo: {} }, "unimplemented"],
    ["a relative path", { MountPath: "mnt" }, "invalid-argument"],
  ] as const) {
    it(`refuses ${what}`, () =>
      refuses(resources()("VPMemDevice", "Add", { DeviceNumber: 3, MountPath: at("mnt"), ...change }), kind));
  }
});

describe("a disk's file system", () => {
  const image = (at: number, magic: string): Buffer => {
    const bytes = Buffer.alloc(4096);
    Buffer.from(magic, "hex").copy(bytes, at);
    return bytes;
  };
  for (const [name, bytes] of [
    ["ext4", image(1080, "53ef")],
    ["erofs", image(1024, "e2e1f5e0")],
    ["squashfs", image(0, "68737173")],
    ["xfs", image(0, "58465342")],
    ["blank", Buffer.alloc(4096)],
    ["unknown", image(7, "ff")],
  ] as const) {
    it(`is known by its magic number: ${name}`, () => {
      writeFileSync(at("image"), bytes);
      assert.equal(probeFileSystem(at("image")), name);
    });
  }
});
