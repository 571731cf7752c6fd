import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DeviceBench } from "../../../../test/compliance/device-kinds.ts";
import type { DeviceCall } from "../../../../test/compliance/device-stand-in.ts";
import { createRequest } from "../../../../test/compliance/guest-stand-in.ts";
import type { ContainerDocument } from "../../../guestmanager/guest.ts";
import type { Spec } from "../../../oci/spec.ts";
import type { Mount } from "../../events.ts";
import { podLimits } from "../../pod/ports.ts";
import { ReleaseList } from "../../release-list.ts";
import { type Holding, readHolding } from "../holding.ts";
import type { ContainerVm } from "../ports.ts";
import { bringIntoVm, planStorage } from "../storage.ts";

const lcow = (scratch: string, ...parents: string[]): Mount[] => [
  { type: "lcow-layer", source: scratch, target: "", options: [`parentLayerPaths=${JSON.stringify(parents)}`] },
];
const partitions = (scratch: string): Mount[] => [
  {
    ...{ type: "lcow-partitioned-layer", source: "", target: "" },
    options: [`scratch=${scratch}`, 'parent-partitioned-layers=[{"Path":"D:\\\\all.vhd","Partition":2}]'],
  },
];

interface Setup {
  readonly rootfs?: readonly Mount[];
  readonly spec?: Partial<Spec>;
  readonly id?: string;
  readonly stack?: "hcs" | "qemu";
  readonly encryptsScratch?: boolean;
}

/** Containers of one VM. */
class Subject {
  readonly bench: DeviceBench;
  readonly links = new Map<string, string>();

  constructor(vpmemDevices = 0) {
    this.bench = new DeviceBench({ devices: vpmemDevices });
  }

  get log(): string[] {
    return this.bench.vm.log;
  }

  async bring(held: ReleaseList<Holding>, setup: Setup = {}): Promise<ContainerDocument> {
    const { rootfs = lcow("C:\\s\\3", "C:\\s\\2", "C:\\s\\1"), id = "c1", stack = "hcs" } = setup;
    const request = createRequest(id, { rootfs });
    const spec: Spec = { ociVersion: "1.1.0", linux: {}, ...setup.spec };
    const files = {
      kindOf: () => "missing" as const,
      tmpfsSize: () => undefined,
      resolve: (path: string) => this.links.get(path) ?? path,
    };
    const uvm = { stack, ...(setup.encryptsScratch && { encryptsScratch: true }) };
    const vm = { uvm, guest: this.bench.vm, devices: this.bench.devices } as unknown as ContainerVm;
    const rootfsPort = { mount: () => assert.fail("mounted on the host"), unmount: () => assert.fail("unmounted") };
    return bringIntoVm(planStorage(request, spec, files), {
      ...{ request, spec, vm, held, rootfs: rootfsPort, limits: podLimits.container },
      ...{ signal: new AbortController().signal, sandboxPid: undefined, dropped: () => {} },
    });
  }
}

const SCRATCH = "C:\\s\\3\\sandbox.vhdx";

/** Name, the VM's VPMem devices, what is asked for, and the calls that it takes. */
const plans: readonly [name: string, vpmem: number, setup: Setup, calls: readonly string[]][] = [
  [
    "disks, where the VM has no persistent memory",
    0,
    {},
    [
      "addScsiDisk 0:0 C:\\s\\2\\layer.vhd ro",
      "addMappedVirtualDisk 0:0 /run/mounts/m0  ro ro",
      "addScsiDisk 0:1 C:\\s\\1\\layer.vhd ro",
      "addMappedVirtualDisk 0:1 /run/mounts/m1  ro ro",
      `grantVmAccess ${SCRATCH} individual`,
      `addScsiDisk 0:2 ${SCRATCH}`,
      "addMappedVirtualDisk 0:2 /run/mounts/m2 ext4",
      "addCombinedLayers /run/gcs/pods/c1/c1/rootfs /run/mounts/m0:/run/mounts/m1 /run/mounts/m2/scratch/c1/c1",
    ],
  ],
  [
    "persistent memory as far as it goes, then disks",
    1,
    {},
    [
      "addVpmemDevice 0@0 C:\\s\\2\\layer.vhd",
      "mountVpmem 0@0 /run/mounts/m0",
      "addScsiDisk 0:0 C:\\s\\1\\layer.vhd ro",
      "addMappedVirtualDisk 0:0 /run/mounts/m1  ro ro",
      `grantVmAccess ${SCRATCH} individual`,
      `addScsiDisk 0:1 ${SCRATCH}`,
      "addMappedVirtualDisk 0:1 /run/mounts/m2 ext4",
      "addCombinedLayers /run/gcs/pods/c1/c1/rootfs /run/mounts/m0:/run/mounts/m1 /run/mounts/m2/scratch/c1/c1",
    ],
  ],
  [
    "disks for partitions, in a pod's container",
    64,
    { rootfs: partitions("D:\\x.vhdx"), spec: { annotations: { "io.kubernetes.cri.sandbox-id": "pod" } } },
    [
      "addScsiDisk 0:0 D:\\all.vhd ro",
      "addMappedVirtualDisk 0:0 /run/mounts/m0  ro ro",
      "grantVmAccess D:\\x.vhdx individual",
      "addScsiDisk 0:1 D:\\x.vhdx",
      "addMappedVirtualDisk 0:1 /run/mounts/m1 ext4",
      "addCombinedLayers /run/gcs/pods/pod/c1/rootfs /run/mounts/m0 /run/mounts/m1/scratch/pod/c1",
    ],
  ],
  [
    "windows.layerFolders, and a scratch that is encrypted",
    0,
    { rootfs: [], spec: { windows: { layerFolders: ["C:\\s\\1", "C:\\s\\3"] } }, encryptsScratch: true },
    [
      "addScsiDisk 0:0 C:\\s\\1\\layer.vhd ro",
      "addMappedVirtualDisk 0:0 /run/mounts/m0  ro ro",
      `grantVmAccess ${SCRATCH} individual`,
      `addScsiDisk 0:1 ${SCRATCH}`,
      "addMappedVirtualDisk 0:1 /run/mounts/m1 xfs",
      "addCombinedLayers /run/gcs/pods/c1/c1/rootfs /run/mounts/m0 /run/mounts/m1/scratch/c1/c1",
    ],
  ],
];

describe("root file system of a Linux container on Windows", () => {
  for (const [name, vpmem, setup, calls] of plans) {
    it(`is brought by ${name}, and taken away the layers first`, async () => {
      const s = new Subject(vpmem);
      const held = new ReleaseList<Holding>();
      const document = await s.bring(held, setup);
      assert.deepEqual(s.log, calls);
      const [, root = "", , scratch = ""] = calls.at(-1)?.split(" ") ?? [];
      assert.deepEqual([document.ociBundlePath, document.scratchDirPath], [root.replace(/\/rootfs$/, ""), scratch]);
      assert.deepEqual((document.ociSpecification as Spec).root, { path: root });
      held.add("container in the guest", async () => void s.log.push("delete container state"));
      s.log.length = 0;
      await held.run();
      // hcsshim's order (reference 1.5): the guest removes the container's directory with its state.
      assert.deepEqual(s.log.slice(0, 2), [`removeCombinedLayers ${root}`, "delete container state"]);
      const disks = s.log.filter((call) => call.startsWith("removeScsiDisk"));
      assert.deepEqual(disks, [...disks].sort().reverse(), "the scratch goes before the layers");
      assert.deepEqual(s.bench.vm.left(), []);
    });
  }

  it("has the guest make the scratch's file system, and encrypt it", async () => {
    for (const encryptsScratch of [false, true]) {
      const s = new Subject();
      const seen: object[] = [];
      const { addMappedVirtualDisk } = s.bench.vm;
      s.bench.vm.addMappedVirtualDisk = (settings, call) => {
        seen.push(settings);
        return addMappedVirtualDisk(settings, call);
      };
      await s.bring(new ReleaseList(), { encryptsScratch });
      assert.deepEqual(seen.at(-1), {
        ...{ controller: 0, lun: 2, mountPath: "/run/mounts/m2", partition: 0n, readOnly: false, options: [] },
        ...{ filesystem: encryptsScratch ? "xfs" : "ext4", ensureFilesystem: true },
        ...(encryptsScratch && { encrypted: true }),
      });
    }
  });

  it("shares its pod's scratch disk, by a link to it, and the layers", async () => {
    const s = new Subject();
    s.links.set("C:\\s\\4\\sandbox.vhdx", SCRATCH);
    const annotations = { "io.kubernetes.cri.sandbox-id": "c1" };
    const [first, second] = [new ReleaseList<Holding>(), new ReleaseList<Holding>()];
    await s.bring(first);
    s.log.length = 0;
    await s.bring(second, { id: "c2", rootfs: lcow("C:\\s\\4", "C:\\s\\2", "C:\\s\\1"), spec: { annotations } });
    const layers = "/run/mounts/m0:/run/mounts/m1";
    const combined = `addCombinedLayers /run/gcs/pods/c1/c2/rootfs ${layers} /run/mounts/m2/scratch/c1/c2`;
    assert.deepEqual(s.log, [combined]);
    await first.run();
    assert.equal(s.bench.vm.disks.size, 3);
    await second.run();
    assert.deepEqual(s.bench.vm.left(), []);
  });

  it("keeps a layer that is a disk already where it is", async () => {
    const s = new Subject(1);
    const [first, second, third] = [new ReleaseList<Holding>(), new ReleaseList<Holding>(), new ReleaseList<Holding>()];
    await s.bring(first, { rootfs: lcow("C:\\a", "C:\\x") });
    await s.bring(second, { id: "c2", rootfs: lcow("C:\\b", "C:\\y") });
    await first.run();
    s.log.length = 0;
    await s.bring(third, { id: "c3", rootfs: lcow("C:\\c", "C:\\y") });
    assert.equal(s.log.filter((call) => call.includes("C:\\y")).length, 0);
    await second.run();
    await third.run();
    assert.deepEqual(s.bench.vm.left(), []);
  });

  const ups: readonly [DeviceCall, number][] = [
    ...[1, 2].flatMap((nth) => [["addScsiDisk", nth] as const, ["addMappedVirtualDisk", nth] as const]),
    ...(["addVpmemDevice", "mountVpmem", "grantVmAccess", "addCombinedLayers"] as const).map(
      (call) => [call, 1] as const,
    ),
  ].map(([call, nth]) => [call, nth]);
  for (const [call, nth] of ups) {
    for (const when of ["faults", "lateFaults"] as const) {
      it(`leaves nothing where ${call} no. ${nth} fails ${when === "faults" ? "before" : "after"} its effect, and comes the next time`, async () => {
        const s = new Subject(1);
        let calls = 0;
        s.bench.vm[when][call] = () => {
          if (++calls === nth) throw new Error("planted");
        };
        const held = new ReleaseList<Holding>();
        await assert.rejects(s.bring(held), /planted/);
        await held.run();
        assert.deepEqual([s.bench.vm.left(), s.bench.held], [[], [0, 0, 0, 0, 0, 0, 0]]);
        await s.bring(held);
        await held.run();
        assert.deepEqual(s.bench.vm.left(), []);
      });
    }
  }

  const downs: readonly DeviceCall[] = [
    ...(["removeCombinedLayers", "removeMappedVirtualDisk", "removeScsiDevice", "removeScsiDisk"] as const),
    ...(["unmountVpmem", "removeVpmemDevice"] as const),
  ];
  for (const call of downs) {
    it(`goes with the next try where ${call} fails`, async () => {
      const s = new Subject(1);
      const held = new ReleaseList<Holding>();
      await s.bring(held);
      s.bench.vm.faults[call] = () => {
        throw new Error("planted");
      };
      await assert.rejects(held.run(), /planted/);
      delete s.bench.vm.faults[call];
      await held.run();
      assert.deepEqual([s.bench.vm.left(), held.held], [[], []]);
    });
  }

  it("is saved by what it holds", async () => {
    const s = new Subject();
    const held = new ReleaseList<Holding>();
    await s.bring(held);
    const saved: unknown[] = JSON.parse(JSON.stringify(held.saved));
    assert.deepEqual(
      saved.map((each, at) => readHolding(each, `holdings[${at}]`)),
      held.saved,
    );
    assert.deepEqual(
      held.saved.map(({ kind }) => kind),
      ["layer", "layer", "disk", "layers"],
    );
  });

  it("is refused where no VHD is opened", async () => {
    const s = new Subject();
    await assert.rejects(s.bring(new ReleaseList(), { stack: "qemu" }), {
      kind: "invalid-argument",
      message: /stack qemu opens no VHDs/,
    });
    assert.deepEqual(s.log, []);
  });
});
