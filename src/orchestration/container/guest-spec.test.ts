import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorKind, kindOf as errorKind } from "../../errors/shim-error.ts";
import type { Spec, SpecMount } from "../../oci/spec.ts";
import { type GuestPlace, guestProcess, guestSpec } from "./guest-spec.ts";
import { guestMount, planMount } from "./mount-plan.ts";
import type { PathKind } from "./rootfs-plan.ts";

const kinds: Readonly<Record<string, PathKind>> = {
  ...{ "/dir": "directory", "/file": "file", "/dev/null": "character-device", "/dev/sda": "block-device" },
  ...{ "/run/x.sock": "socket", "/run/x.fifo": "fifo", "/sys/fs/cgroup": "directory", "/pod/shm": "directory" },
};
const files = {
  kindOf: (path: string) => kinds[path] ?? "missing",
  tmpfsSize: (path: string) => (path.endsWith("/shm") ? 65536 : undefined),
};
const bind = (source: string, options: string[] = ["rbind", "rprivate", "rw"], destination = "/x"): SpecMount => ({
  ...{ destination, type: "bind", source, options },
});

describe("a mount of the spec, in a VM", () => {
  it("that the kernel makes alone stays as it is", () => {
    for (const type of ["proc", "tmpfs", "sysfs", "cgroup", "devpts", "mqueue"]) {
      const mount = { destination: "/x", type, source: type, options: ["nosuid", "mode=755"] };
      assert.deepEqual(planMount(mount, files), { kind: "keep", mount });
      assert.deepEqual(guestMount({ kind: "keep", mount }, ""), mount);
    }
  });

  it("that binds a directory or a file is a share of just that", () => {
    for (const [source, options, readOnly] of [
      ["/dir", ["rbind", "rw"], false],
      ["/dir", ["bind", "ro"], true],
      ["/file", ["rbind", "rro"], true],
    ] as const) {
      const plan = planMount(bind(source, [...options]), files);
      assert.ok(plan.kind === "share");
      assert.deepEqual([plan.hostPath, plan.readOnly], [source, readOnly]);
      assert.deepEqual(guestMount(plan, "/run/mounts/m3"), { ...bind("/run/mounts/m3", [...options]) });
    }
  });

  it("is a bind also without the type, and loses a propagation that would go nowhere", () => {
    const plan = planMount({ destination: "/x", source: "/dir", options: ["rbind", "rslave", "nosuid"] }, files);
    assert.deepEqual(guestMount(plan, "/g"), { ...bind("/g", ["rbind", "nosuid"]) });
  });

  it("of an image or block device is a disk", () => {
    const plan = planMount(
      { destination: "/data", type: "ext4", source: "/file", options: ["loop", "ro", "noatime"] },
      files,
    );
    assert.ok(plan.kind === "disk");
    assert.deepEqual([plan.disk.hostPath, plan.disk.readOnly, plan.disk.options], ["/file", true, ["noatime"]]);
    assert.deepEqual(guestMount(plan, "/g"), bind("/g", ["rbind", "ro"], "/data"));
  });

  it("of the pod's shared memory is the guest's own", () => {
    const plan = planMount(bind("/pod/shm", ["rbind", "ro"], "/dev/shm"), files);
    assert.deepEqual([plan.kind, plan.kind === "shm" && plan.bytes], ["shm", 65536]);
  });

  it("of a socket is the guest's own, bound, whether it is asked for by bind or by uds", () => {
    const plan = planMount({ destination: "/s", type: "uds", source: "/run/x.sock" }, files);
    assert.ok(plan.kind === "socket");
    assert.equal(plan.hostPath, "/run/x.sock");
    assert.deepEqual(guestMount(plan, "/run/mounts/m1"), bind("/run/mounts/m1", ["bind"], "/s"));
    const bound = planMount(bind("/run/x.sock", ["rbind", "ro"]), files);
    assert.deepEqual(guestMount(bound, "/g"), bind("/g", ["rbind", "ro"]));
  });

  it("of the kernel's views and devices means the guest's", () => {
    for (const source of ["/sys/fs/cgroup", "/dev/null"]) assert.equal(planMount(bind(source), files).kind, "keep");
  });

  const refused: [SpecMount, ErrorKind, RegExp][] = [
    [bind("/nowhere"), "invalid-argument", /mount on \/x: \/nowhere does not exist/],
    [{ destination: "/s", type: "uds", source: "/file" }, "invalid-argument", /mount on \/s: \/file is not a socket/],
    [bind("/run/x.fifo"), "unimplemented", /is a fifo/],
    [bind("/dev/sda"), "unimplemented", /is a block device/],
    [{ destination: "/n", type: "nfs", source: "h:/e" }, "invalid-argument", /mount on \/n: type nfs from h:\/e/],
  ];
  for (const [mount, kind, message] of refused) {
    it(`from ${mount.source} is refused by name`, () => {
      assert.throws(
        () => planMount(mount, files),
        (error) => errorKind(error) === kind && message.test(String(error)),
      );
    });
  }
});

describe("the spec for the guest", () => {
  const dropped: string[] = [];
  const place: GuestPlace = {
    ...{ id: "c1", rootPath: "/run/gcs/c/c1/rootfs", mounts: [] },
    dropped: (what) => dropped.push(what),
  };
  const linux = (members: Spec["linux"] & object, more: Partial<GuestPlace> = {}) =>
    guestSpec({ ociVersion: "1.0.2", linux: members }, { ...place, ...more }).linux;

  it("has the guest's paths, and what it does not know untouched", () => {
    const spec = { ociVersion: "1.0.2", hostname: "h", root: { path: "rootfs", readonly: true }, vm: { x: 1n } };
    assert.deepEqual(guestSpec(spec, place), { ...spec, root: { path: place.rootPath, readonly: true }, mounts: [] });
  });

  it("has a cgroup of the guest's, whichever form the host's had", () => {
    for (const cgroupsPath of ["/kubepods/pod1/c1", "kubepods.slice:cri-containerd:c1"]) {
      assert.equal(linux({ cgroupsPath })?.cgroupsPath, "/containers/c1");
    }
  });

  it("leaves out hooks and labels, and says so", () => {
    dropped.length = 0;
    const startContainer = [{ path: "/in/the/container" }];
    const hooks = { createRuntime: [{ path: "/run/here" }], createContainer: [{ path: "/of/host" }], startContainer };
    const process = { cwd: "/", apparmorProfile: "p", selinuxLabel: "l", oomScoreAdj: 7, rlimits: [] };
    const found = guestSpec({ ociVersion: "1", hooks, process, linux: { mountLabel: "m", seccomp: { a: 1 } } }, place);
    assert.deepEqual(found.hooks, { startContainer });
    assert.deepEqual(found.process, { cwd: "/", oomScoreAdj: 7, rlimits: [] });
    assert.deepEqual(found.linux, { seccomp: { a: 1 }, cgroupsPath: "/containers/c1" });
    assert.equal(dropped.length, 4);
    assert.deepEqual(guestProcess({ args: ["a"], apparmorProfile: "p" }, place), { args: ["a"] });
  });

  it("keeps limits, not the names of the host's processors, disks and huge pages", () => {
    const resources = {
      memory: { limit: 1n << 30n },
      cpu: { shares: 512, quota: 10, cpus: "4-5", mems: "0" },
      pids: { limit: 10 },
      devices: [{ allow: false, access: "rwm" }],
      hugepageLimits: [{ pageSize: "2MB", limit: 0 }],
      blockIO: { weight: 10, throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }] },
    };
    const devices = [
      { type: "c", path: "/dev/fuse" },
      { type: "b", path: "/dev/sda" },
    ];
    const found = linux({ resources, devices });
    assert.deepEqual(found?.resources, {
      ...{ memory: resources.memory, pids: resources.pids, devices: resources.devices },
      ...{ cpu: { shares: 512, quota: 10 }, blockIO: { weight: 10 } },
    });
    assert.deepEqual(found?.devices, devices.slice(0, 1));
  });

  const paths = (list: unknown) =>
    (list as { type: string; path?: string }[]).map(({ type, path = "" }) => `${type}=${path}`);
  const namespaces = ["pid", "ipc", "uts", "network"].map((type) => ({ type, path: `/proc/7/ns/${type}` }));

  it("joins the namespaces of the pod's sandbox in the guest", () => {
    assert.deepEqual(paths(linux({ namespaces: [...namespaces, { type: "mount" }] }, { sandboxPid: 42 })?.namespaces), [
      "pid=/proc/42/ns/pid",
      "ipc=/proc/42/ns/ipc",
      "uts=/proc/42/ns/uts",
      "network=/proc/42/ns/net",
      "mount=",
    ]);
  });

  it("joins the pod's network by its id, and has a private one where there is none", () => {
    const own = { namespaces: [{ type: "network", path: "/var/run/netns/cni-1" }] };
    assert.deepEqual(paths(linux(own)?.namespaces), ["network="]);
    const found = guestSpec({ ociVersion: "1", linux: own }, { ...place, sandboxPid: 42, networkNamespaceId: "ns-1" });
    assert.deepEqual(paths(found.linux?.namespaces), ["network="]);
    assert.deepEqual(found.windows, { network: { networkNamespace: "ns-1" } });
  });

  it("refuses a namespace of the host that nobody of the pod has", () => {
    assert.throws(() => linux({ namespaces }), /container c1: pid namespace \/proc\/7\/ns\/pid is this host's/);
  });
});

it("a spec's values that bring a toString along are no more than odd to the guest's copy", () => {
  const odd = { toString: 1, valueOf: 1 };
  const spec = {
    ociVersion: "1.2.0",
    process: { cwd: "/", apparmorProfile: odd, selinuxLabel: [odd] },
    linux: {
      devices: [{ type: "b", path: odd }],
      resources: { hugepageLimits: [{ limit: odd }, { limit: 2n ** 63n }], cpu: { cpus: odd, mems: odd } },
    },
  } as unknown as Spec;
  const dropped: string[] = [];
  guestSpec(spec, { id: "c", rootPath: "/r", mounts: [], dropped: (what) => dropped.push(what) });
  assert.equal(dropped.length, 5);
  assert.ok(
    dropped.every((what) => !what.includes("[object")),
    dropped.join(),
  );
});
