import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DeviceStandIn } from "../../../test/compliance/device-stand-in.ts";
import { createRequest } from "../../../test/compliance/guest-stand-in.ts";
import type { Spec, SpecMount } from "../../oci/spec.ts";
import type { StackName } from "../../vmmanager/uvm.ts";
import { vmDevices } from "../device/devices.ts";
import { ReleaseList } from "../release-list.ts";
import type { Holding } from "./holding.ts";
import { guestMount, planMount } from "./mount-plan.ts";
import type { ContainerVm } from "./ports.ts";
import { bringIntoVm, planStorage } from "./storage.ts";

const files = {
  kindOf: (path: string) => (path.startsWith("/no") ? "missing" : /\.\w+$/.test(path) ? "file" : "directory"),
  tmpfsSize: () => undefined,
} as const;

function plan(mount: Partial<SpecMount>) {
  return planMount({ destination: "/d", ...mount }, files);
}

describe("hcsshim's mount types", () => {
  const disk = { access: "individual", fileSystem: "", options: [] as string[], readOnly: false };
  const cases: readonly [string, Partial<SpecMount>, unknown, Partial<SpecMount>][] = [
    [
      ...(["virtual-disk is a VHD", { type: "virtual-disk", source: "C:\\d.vhdx", options: ["rbind"] }] as const),
      { ...disk, hostPath: "C:\\d.vhdx", type: "VirtualDisk" },
      { type: "none", options: ["rbind", "rw"] },
    ],
    [
      "physical-disk is passed through, with the options of its file system",
      { type: "physical-disk", source: "\\\\.\\PHYSICALDRIVE1", options: ["RO", "noatime", "rprivate"] },
      { ...disk, hostPath: "\\\\.\\PHYSICALDRIVE1", type: "PassThru", readOnly: true, options: ["noatime"] },
      { type: "none", options: ["rbind", "ro"] },
    ],
    [
      "extensible-virtual-disk is its provider's",
      { type: "extensible-virtual-disk", source: "evd://xstore/a/b/c" },
      ...([
        {
          ...disk,
          ...{ hostPath: "a/b/c", type: "ExtensibleVirtualDisk", extensibleDiskType: "xstore", access: "none" },
        },
        { type: "none", options: ["rbind", "rw"] },
      ] as const),
    ],
    [
      "a destination with blockdev:// gets the device",
      { type: "virtual-disk", source: "C:\\d.vhdx", destination: "blockdev:///dev/x", options: ["ro"] },
      { access: "individual", hostPath: "C:\\d.vhdx", type: "VirtualDisk", readOnly: true },
      { type: "bind", destination: "blockdev:///dev/x", options: ["rbind", "ro"] },
    ],
  ];
  it("virtual-disk by a link is the disk that it leads to, and a device is none that could be one", () => {
    const asked: string[] = [];
    const linked = {
      ...files,
      kindOf: (path: string) => {
        asked.push(path);
        return "file" as const;
      },
      resolve: (path: string) => (path === "C:\\link.vhdx" ? "D:\\d.vhdx" : path),
    };
    const hostPathOf = (type: string, source: string): string => {
      const planned = planMount({ destination: "/d", type, source }, linked);
      assert.ok(planned.kind === "uvm-disk");
      return planned.request.hostPath;
    };
    assert.equal(hostPathOf("virtual-disk", "C:\\link.vhdx"), "D:\\d.vhdx");
    assert.equal(hostPathOf("physical-disk", "\\\\.\\PHYSICALDRIVE1"), "\\\\.\\PHYSICALDRIVE1");
    assert.deepEqual(asked, ["C:\\link.vhdx"]);
  });

  for (const [name, mount, request, inGuest] of cases) {
    it(name, () => {
      const planned = plan(mount);
      assert.ok(planned.kind === "uvm-disk");
      assert.deepEqual(planned.request, request);
      assert.deepEqual(guestMount(planned, "/g"), { destination: "/d", source: "/g", ...inGuest });
    });
  }

  it("are refused where there is no such disk, or the source is not of the form", () => {
    for (const [type, source] of [
      ["virtual-disk", "/nothing.vhdx"],
      ["physical-disk", ""],
      ["extensible-virtual-disk", "/a/b"],
      ["extensible-virtual-disk", "evd://xstore"],
      ["extensible-virtual-disk", "evd:///path"],
    ] as const) {
      assert.throws(() => plan({ type, source }), { kind: "invalid-argument", message: /^mount on \/d: / }, source);
    }
  });
});

describe("a bind of what the guest has itself", () => {
  for (const source of ["sandbox:///a", "sandbox-tmp:///a", "uvm:///etc/a", "hugepages://2M/a"]) {
    it(`${source} goes to the guest as it is`, () => {
      const mount = { destination: "/d", type: "bind", source, options: ["rbind"] };
      assert.deepEqual(guestMount(plan(mount), ""), mount);
    });
  }

  it("is refused for huge pages of another size or without a place", () => {
    for (const source of ["hugepages://1G/a", "hugepages://2M", "hugepages://"]) {
      assert.throws(() => plan({ type: "bind", source }), { kind: "invalid-argument" }, source);
    }
  });
});

describe("a container in a VM of HCS", () => {
  const held = new ReleaseList<Holding>();
  async function bring(spec: Partial<Spec>, stack: StackName = "hcs") {
    const [vm, dropped] = [new DeviceStandIn(), [] as string[]];
    const full: Spec = { ociVersion: "1.0.2", root: { path: "/rootfs" }, ...spec };
    const uvm = { stack } as ContainerVm["uvm"];
    const request = createRequest("c1", { rootfs: [] });
    const document = await bringIntoVm(planStorage(request, full, files), {
      ...{ request, spec: full, held, sandboxPid: undefined, limits: { request: 50 } },
      vm: { uvm, guest: vm as never, devices: vmDevices({ uvm: vm, guest: vm }, { host: 50, guest: 50 }) },
      rootfs: { mount: async () => {}, unmount: async () => {} },
      signal: new AbortController().signal,
      dropped: (what) => void dropped.push(what),
    });
    return { vm, dropped, found: document.ociSpecification as Spec };
  }

  it("sees single files of a directory alone, each by a share of its own, beside the directory itself", async () => {
    const mounts = ["/etc/a.conf", "/etc/b.conf", "/etc"].map((source, n) => ({
      ...{ destination: `/${n}`, type: "bind", source, options: ["rbind", "ro"] },
    }));
    const { vm, found } = await bring({ mounts });
    const shares = vm.log.filter((line) => line.startsWith("addPlan9Share")).map((line) => line.slice(16));
    assert.deepEqual(shares.sort(), ["/etc ro", "/etc ro only a.conf", "/etc ro only b.conf", "/rootfs"]);
    assert.deepEqual(
      found.mounts?.map(({ source }) => source),
      ["/run/mounts/m0/a.conf", "/run/mounts/m1/b.conf", "/run/mounts/m2"],
    );
    await held.run();
    assert.deepEqual(vm.left(), []);
  });

  it("has its disks attached and its devices assigned, which it finds by their GUIDs, and gives all back", async () => {
    const devices = [
      { id: "PCIP\\VEN_10DE\\1", idType: "vpci" },
      { id: "PCIP\\VEN_10DE", idType: "gpu" },
      { id: "PCIP\\VEN_10DE", idType: "vpci-instance-id" },
    ];
    const mounts = [{ destination: "/data", type: "virtual-disk", source: "/d.vhdx", options: ["ro"] }];
    const { vm, found } = await bring({ mounts, windows: { devices, network: { networkNamespace: "host's" } } });
    const ids = [...vm.pci.keys()];
    assert.deepEqual([...vm.pci.values()], ["PCIP\\VEN_10DE/1", "PCIP\\VEN_10DE/0"]);
    assert.deepEqual(found.windows, {
      devices: [ids[0], ids[1], ids[1]].map((id, n) => ({ id, idType: devices[n]?.idType })),
    });
    assert.ok(vm.log.includes("grantVmAccess /d.vhdx individual"));
    await held.run();
    assert.deepEqual(vm.left(), []);
  });

  it("is refused a device of another type, before anything is brought", async () => {
    const windows = { devices: [{ id: "5B45201D-F2F2-4F3B-85BB-30FF1F953599", idType: "class" }] };
    await assert.rejects(bring({ windows }), {
      kind: "invalid-argument",
      message: /is of type class; cannot assign it/,
    });
    assert.deepEqual(held.held, []);
  });

  it("of another stack has no assigned devices, and is told so", async () => {
    const windows = { devices: [{ id: "PCIP\\VEN_10DE", idType: "gpu" }] };
    const { vm, dropped } = await bring({ windows }, "qemu");
    assert.deepEqual([dropped, [...vm.pci]], [["its assigned devices: only the stack hcs gives them"], []]);
    await held.run();
  });
});
