import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DeviceBench } from "../../../../test/compliance/device-kinds.ts";
import type { DeviceCall } from "../../../../test/compliance/device-stand-in.ts";
import type { WindowsContainerDocument } from "../../../guestmanager/guest.ts";
import type { Spec, SpecMount } from "../../../oci/spec.ts";
import { podLimits } from "../../pod/ports.ts";
import { ReleaseList } from "../../release-list.ts";
import type { WindowsStorage, WindowsVm } from "./ports.ts";
import { bringIntoWindowsVm, planWindowsStorage } from "./storage.ts";

const VSMB = "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\";
const rootfs = [
  {
    type: "windows-layer",
    source: "C:\\s\\3",
    target: "",
    options: ['parentLayerPaths=["C:\\\\s\\\\2","C:\\\\s\\\\1"]'],
  },
];
const mount = (source: string, destination: string, ...options: string[]): SpecMount => ({
  source,
  destination,
  options,
});
const mounts: readonly SpecMount[] = [
  mount("C:\\data", "C:\\d"),
  mount("C:\\data", "C:\\r", "RO"),
  { ...mount("C:\\x.vhdx", "C:\\disk", "ro"), type: "virtual-disk" },
  mount("\\\\.\\pipe\\docker", "\\\\.\\pipe\\engine"),
  mount("uvm://\\\\.\\pipe\\own", "\\\\.\\pipe\\own"),
  mount("sandbox:///logs/a", "C:\\logs"),
];

/** Containers of one VM. */
class Subject {
  readonly bench = new DeviceBench();
  readonly filters = new Set<string>();
  /** By the request to the guest. */
  readonly faults: Record<string, () => void> = {};
  storage: WindowsStorage | undefined;

  get log(): string[] {
    return this.bench.vm.log;
  }

  bring(held: ReleaseList<unknown>, given: readonly SpecMount[] = mounts): Promise<WindowsContainerDocument> {
    const spec: Spec = { ociVersion: "1.1.0", mounts: given, windows: {} };
    const files = { kindOf: () => "file" as const, tmpfsSize: () => undefined };
    const vm: WindowsVm = {
      devices: this.bench.devices,
      guest: {
        addCombinedLayers: async ({ containerRootPath = "", layers = [], filterType }) => {
          const paths = layers.map(({ id, path = "" }) => `${id}=${path.replace(VSMB, "")}`);
          assert.equal(filterType, undefined, "guests before schema 2.9 refuse the member");
          this.log.push(`addCombinedLayers ${containerRootPath} ${paths.join()}`);
          for (const { path = "" } of layers) assert.ok(this.bench.vm.isAt(path), path);
          this.filters.add(containerRootPath);
          this.faults.addCombinedLayers?.();
        },
        removeCombinedLayers: async (settings) => {
          this.log.push(`removeCombinedLayers ${Object.values(settings).join(" ")}`);
          this.faults.removeCombinedLayers?.();
          this.filters.delete(settings.containerRootPath ?? "");
        },
        createProcess: this.bench.vm.createProcess,
      },
    };
    const host = {
      layerId: (name: string) => `guid-${name}`,
      container: (id: string, _: Spec, storage: WindowsStorage) => {
        this.storage = storage;
        return { id };
      },
    };
    return bringIntoWindowsVm(planWindowsStorage({ id: "c1", rootfs }, spec, "pod@vm", files), {
      ...{ id: "c1", spec, vm, host, held, limits: podLimits.container, signal: new AbortController().signal },
    });
  }

  nothingLeft(): void {
    assert.deepEqual([...this.bench.vm.left(), ...this.filters], []);
  }
}

const ROOT_CALLS = [
  "addVsmbShare s1 C:\\s\\2 shareRead cacheIo readOnly pseudoOplocks takeBackupPrivilege",
  "addVsmbShare s2 C:\\s\\1 shareRead cacheIo readOnly pseudoOplocks takeBackupPrivilege",
  "grantVmAccess C:\\s\\3\\sandbox.vhdx individual",
  "addScsiDisk 0:0 C:\\s\\3\\sandbox.vhdx",
  "addMappedVirtualDisk 0:0 /run/mounts/m0",
  "addCombinedLayers /run/mounts/m0 guid-2=s1,guid-1=s2",
];
const MOUNT_CALLS = [
  "addVsmbShare s3 C:\\data",
  "addVsmbShare s4 C:\\data shareRead cacheIo readOnly pseudoOplocks",
  "grantVmAccess C:\\x.vhdx individual",
  "addScsiDisk 0:1 C:\\x.vhdx ro",
  "addMappedVirtualDisk 0:1 /run/mounts/m1  ro",
  "addPipe \\\\.\\pipe\\docker",
  "createProcess cmd /c mkdir C:\\SandboxMounts\\logs\\a & dir C:\\SandboxMounts\\logs\\a",
];

describe("storage of a Windows container in a VM", () => {
  it("is brought: layers by VSMB, the scratch as a disk, a filter over both, then the mounts", async () => {
    const s = new Subject();
    const held = new ReleaseList<unknown>();
    assert.deepEqual(await s.bring(held), { container: { id: "c1" } });
    // The stand-in writes an absent noDirectMap as a word of the options, too.
    const calls = s.log.map((call) => call.replace(" noDirectMap", "").trimEnd());
    assert.deepEqual(calls, [...ROOT_CALLS, ...MOUNT_CALLS]);
    assert.deepEqual(s.storage, {
      rootPath: "/run/mounts/m0",
      layers: [
        { id: "guid-2", path: `${VSMB}s1` },
        { id: "guid-1", path: `${VSMB}s2` },
      ],
      // Disks last, as hcsshim's.
      mappedDirectories: [
        { hostPath: `${VSMB}s3`, containerPath: "C:\\d", readOnly: false },
        { hostPath: `${VSMB}s4`, containerPath: "C:\\r", readOnly: true },
        { hostPath: "C:\\SandboxMounts\\logs\\a", containerPath: "C:\\logs", readOnly: false },
        { hostPath: "/run/mounts/m1", containerPath: "C:\\disk", readOnly: true },
      ],
      mappedPipes: [
        { hostPath: `${VSMB}IPC$\\docker`, containerPipeName: "engine" },
        { hostPath: "\\\\.\\pipe\\pod\\own", containerPipeName: "own" },
      ],
    });
    s.log.length = 0;
    await held.run();
    const order = ["removePipe", "removeScsiDisk 0:1", "removeCombinedLayers /run/mounts/m0", "removeScsiDisk 0:0"];
    const at = order.map((call) => s.log.findIndex((line) => line.startsWith(call)));
    assert.deepEqual(
      at,
      [...at].sort((a, b) => a - b),
      s.log.join("\n"),
    );
    assert.deepEqual(s.log.slice(-2), ["removeVsmbShare s2", "removeVsmbShare s1"]);
    s.nothingLeft();
  });

  it("shares the layers with another container", async () => {
    const s = new Subject();
    const [first, second] = [new ReleaseList<unknown>(), new ReleaseList<unknown>()];
    await s.bring(first, []);
    await s.bring(second, []);
    assert.equal(s.log.filter((call) => call.startsWith("addVsmbShare")).length, 2);
    await first.run();
    assert.equal(s.bench.vm.vsmb.size, 2);
    await second.run();
    s.nothingLeft();
  });

  const ups: readonly (readonly [DeviceCall, number])[] = [
    ...([1, 2, 3, 4] as const).map((nth) => ["addVsmbShare", nth] as const),
    ...([1, 2] as const).flatMap((nth) => [["addScsiDisk", nth] as const, ["addMappedVirtualDisk", nth] as const]),
    ...(["grantVmAccess", "addPipe", "createProcess"] as const).map((call) => [call, 1] as const),
  ];
  for (const [call, nth] of ups) {
    for (const when of ["faults", "lateFaults"] as const) {
      it(`leaves nothing where ${call} no. ${nth} fails ${when === "faults" ? "before" : "after"} its effect, and comes the next time`, async () => {
        const s = new Subject();
        const held = new ReleaseList<unknown>();
        let calls = 0;
        s.bench.vm[when][call] = () => {
          if (++calls === nth) throw new Error("planted");
        };
        await assert.rejects(s.bring(held), /planted/);
        await held.run();
        s.nothingLeft();
        await s.bring(held);
        await held.run();
        s.nothingLeft();
      });
    }
  }

  const downs: readonly DeviceCall[] = [
    ...(["removeVsmbShare", "removeMappedVirtualDisk", "removeScsiDisk", "removePipe"] as const),
  ];
  for (const call of downs) {
    it(`goes with the next try where ${call} fails`, async () => {
      const s = new Subject();
      const held = new ReleaseList<unknown>();
      await s.bring(held);
      s.bench.vm.faults[call] = () => {
        throw new Error("planted");
      };
      await assert.rejects(held.run(), /planted/);
      delete s.bench.vm.faults[call];
      await held.run();
      s.nothingLeft();
    });
  }

  for (const call of ["addCombinedLayers", "removeCombinedLayers"]) {
    it(`is taken away where ${call} fails once`, async () => {
      const s = new Subject();
      const held = new ReleaseList<unknown>();
      s.faults[call] = () => {
        throw new Error("planted");
      };
      await assert.rejects(
        s.bring(held).then(() => held.run()),
        /planted/,
      );
      delete s.faults[call];
      await held.run();
      s.nothingLeft();
    });
  }

  it("says so where a directory of the VM cannot be made", async () => {
    const s = new Subject();
    s.bench.vm.exitCode = 1;
    const held = new ReleaseList<unknown>();
    await assert.rejects(s.bring(held), /C:\\SandboxMounts\\logs\\a cannot be made in the vm: cmd ended with 1/);
    await held.run();
    s.nothingLeft();
  });

  const refusals: readonly [name: string, mount: SpecMount, kind: string, message: RegExp][] = [
    ["without a source", mount("", "C:\\d"), "invalid-argument", /mount of nothing on C:\\d: give both/],
    ["without a destination", mount("C:\\d", ""), "invalid-argument", /on nowhere: give both/],
    ["of another type", { ...mount("C:\\d", "C:\\d"), type: "tmpfs" }, "invalid-argument", /type tmpfs is not/],
    [
      "of a pipe on a directory",
      mount("\\\\.\\pipe\\a", "C:\\a"),
      "invalid-argument",
      /a pipe is one in the container/,
    ],
    ["of the VM's directory", mount("uvm://C:\\a", "C:\\a"), "unimplemented", /only pipes of the VM itself/],
    [
      "out of the pod's directory",
      mount("sandbox://..\\..\\Windows", "C:\\a"),
      "invalid-argument",
      /no directory below/,
    ],
    ["of the pod's directory itself", mount("sandbox://", "C:\\a"), "invalid-argument", /no directory below/],
    ["with a command in it", mount("sandbox://a&calc", "C:\\a"), "invalid-argument", /no directory below/],
    [
      "of a block device",
      { ...mount("C:\\x.vhdx", "blockdev:///dev/x"), type: "virtual-disk" },
      "unimplemented",
      /no block devices/,
    ],
  ];
  for (const [name, given, kind, message] of refusals) {
    it(`refuses a mount ${name}, before it brings anything`, async () => {
      const s = new Subject();
      await assert.rejects(async () => s.bring(new ReleaseList(), [given]), { kind, message });
      assert.deepEqual(s.log, []);
    });
  }

  it("is refused for a root that is read-only, and for one without layers", () => {
    const files = { kindOf: () => "file" as const, tmpfsSize: () => undefined };
    const spec = { ociVersion: "1.1.0", root: { path: "", readonly: true } };
    const message = /Windows knows no root file system that is read-only/;
    assert.throws(() => planWindowsStorage({ id: "c1", rootfs }, spec, "pod@vm", files), { message });
    const bare = [{ type: "windows-layer", source: "C:\\s", target: "", options: [] }];
    assert.throws(() => planWindowsStorage({ id: "c1", rootfs: bare }, { ociVersion: "1" }, "pod@vm", files), {
      message: /no layer below its own/,
    });
  });
});
