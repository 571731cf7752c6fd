import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorKind, kindOf as errorKind } from "../../errors/shim-error.ts";
import type { Mount } from "../events.ts";
import { type PathKind, planRootfs } from "./rootfs-plan.ts";

const mount = (type: string, source: string, options: string[] = [], target = ""): Mount => ({
  ...{ type, source, target, options },
});
const kindOf = (path: string): PathKind =>
  path.endsWith(".img") || path.endsWith(".erofs") ? "file" : path.startsWith("/dev/") ? "block-device" : "directory";
const plan = (...mounts: Mount[]) => planRootfs(mounts, kindOf);

const disk = (hostPath: string, fileSystem: string, readOnly: boolean, options: string[] = []) => ({
  ...{ hostPath, readOnly, fileSystem, options, blobs: [] },
});
const rw = mount("ext4", "/s/9/rwlayer.img", ["rw", "loop"]);
const top = mount("erofs", "/s/2/layer.erofs", ["ro", "loop"]);
const base = mount("erofs", "/s/1/layer.erofs", ["ro", "loop"]);
const overlay = mount("format/mkdir/overlay", "overlay", [
  "X-containerd.mkdir.path={{ mount 0 }}/upper:0755",
  "X-containerd.mkdir.path={{ mount 0 }}/work:0755",
  "workdir={{ mount 0 }}/work",
  "upperdir={{ mount 0 }}/upper",
  "lowerdir={{ overlay 1 2 }}",
]);

describe("the plan of a root file system in a VM", () => {
  const shared: [string, Mount[]][] = [
    ["overlayfs", [mount("overlay", "overlay", ["lowerdir=/a:/b", "upperdir=/u", "workdir=/w"])]],
    ["a single layer of it, and native", [mount("bind", "/s/1/fs", ["ro", "rbind"])]],
    ["btrfs", [mount("btrfs", "/dev/sda2", ["subvol=x"])]],
    ["zfs", [mount("zfs", "tank/x")]],
    ["nothing: the bundle brings it", []],
    [
      "erofs under an upper directory of the host",
      [base, mount("format/overlay", "overlay", ["lowerdir={{ mount 0 }}", "upperdir=/u", "workdir=/w"])],
    ],
    [
      "an image mounted somewhere below",
      [mount("ext4", "/a.img", ["loop"]), mount("ext4", "/b.img", ["loop"], "data")],
    ],
    [
      "overlay options that the guest gets no word of",
      [rw, top, base, { ...overlay, options: [...overlay.options, "userxattr"] }],
    ],
    [
      "an upper directory of another user",
      [rw, top, base, { ...overlay, options: overlay.options.map((option) => option.replace(/:0755$/, ":0755:7:7")) }],
    ],
    ["an ext4 mount of a directory", [mount("ext4", "/not-an-image")]],
  ];
  for (const [name, mounts] of shared) {
    it(`is a share for ${name}`, () => assert.deepEqual(plan(...mounts), { kind: "share", mounts }));
  }

  it("is one disk for blockfile, without the loop device", () => {
    const root = { disk: 0, path: "" };
    assert.deepEqual(plan(mount("ext4", "/s/1.img", ["loop", "rw", "noatime"])), {
      ...{ kind: "disks", root, disks: [disk("/s/1.img", "ext4", false, ["noatime"])] },
    });
    assert.deepEqual(plan(mount("xfs", "/dev/mapper/snap-1", ["nouuid", "ro"])), {
      ...{ kind: "disks", root, disks: [disk("/dev/mapper/snap-1", "xfs", true, ["nouuid"])] },
    });
  });

  it("is disks and an overlay for erofs layers with a writable image, topmost first", () => {
    assert.deepEqual(plan(rw, top, base, overlay), {
      kind: "disks",
      disks: [
        disk("/s/9/rwlayer.img", "ext4", false),
        disk("/s/2/layer.erofs", "erofs", true),
        disk("/s/1/layer.erofs", "erofs", true),
      ],
      root: {
        lower: [
          { disk: 1, path: "" },
          { disk: 2, path: "" },
        ],
        scratch: { disk: 0, path: "" },
      },
    });
  });

  it("follows a range backwards, and directories of a disk", () => {
    const found = plan(
      base,
      top,
      rw,
      mount("format/overlay", "overlay", [
        "lowerdir={{overlay 1 0}}:{{ mount 2 }}/extra",
        "upperdir={{ mount 2 }}/c1/upper",
        "workdir={{ mount 2 }}/c1/work",
      ]),
    );
    assert.deepEqual(found.kind === "disks" && found.root, {
      lower: [
        { disk: 1, path: "" },
        { disk: 0, path: "" },
        { disk: 2, path: "/extra" },
      ],
      scratch: { disk: 2, path: "/c1" },
    });
  });

  it("is a read-only overlay, or the single layer, for a view", () => {
    const view = plan(top, base, mount("format/overlay", "overlay", ["lowerdir={{ overlay 0 1 }}"]));
    assert.deepEqual(view.kind === "disks" && view.root, {
      ...{
        lower: [
          { disk: 0, path: "" },
          { disk: 1, path: "" },
        ],
        scratch: undefined,
      },
    });
    const single = plan(base, mount("format/bind", "{{ mount 0 }}", ["ro", "rbind"]));
    assert.deepEqual(single.kind === "disks" && single.root, { disk: 0, path: "" });
  });

  it("brings the blobs of a merged erofs along", () => {
    const merged = plan(mount("erofs", "/s/fsmeta.erofs", ["ro", "loop", "device=/s/1.erofs", "device=/s/2.erofs"]));
    assert.deepEqual(merged.kind === "disks" && merged.disks[0]?.blobs, ["/s/1.erofs", "/s/2.erofs"]);
  });

  const refused: [string, Mount[], ErrorKind, RegExp][] = [
    [
      "dm-verity",
      [mount("erofs", "/a.erofs", ["ro", "X-containerd.dmverity=/a.dmverity"])],
      "unimplemented",
      /erofs from \/a\.erofs: dm-verity/,
    ],
    ["an unknown prefix", [mount("mkfs/ext4", "/a.img")], "invalid-argument", /from \/a\.img: what "mkfs\/" asks for/],
    [
      "a template of a later mount",
      [base, mount("format/bind", "{{ mount 1 }}", ["ro"])],
      "invalid-argument",
      /names mount 1, only 1 come before/,
    ],
    [
      "a template that is none",
      [base, mount("format/bind", "{{ env HOME }}", ["ro"])],
      "invalid-argument",
      /is not understood/,
    ],
    [
      "a directory that leaves its mount",
      [base, mount("format/mkdir/overlay", "overlay", ["X-containerd.mkdir.path={{ mount 0 }}/../x"])],
      "invalid-argument",
      /path\[:mode/,
    ],
  ];
  for (const [name, mounts, kind, message] of refused) {
    it(`refuses ${name}, naming the mount`, () => {
      assert.throws(
        () => plan(...mounts),
        (error) => errorKind(error) === kind && message.test(String(error)),
      );
    });
  }
});
