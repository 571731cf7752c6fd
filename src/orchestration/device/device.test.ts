import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { type DeviceCall, DeviceStandIn } from "../../../test/compliance/device-stand-in.ts";
import { stateTableSuite } from "../../../test/compliance/state-suite.ts";
import { alreadyExists, isKind, kindOf, unavailable } from "../../errors/shim-error.ts";
import { APPEARS_WITHIN_MS } from "../../gcs/appears.ts";
import { deferred } from "../deadline.ts";
import { type VmDevices, vmDevices } from "./devices.ts";
import type { Mapping } from "./mapping.ts";
import { deviceLimits } from "./ports.ts";
import { deviceStates } from "./state.ts";

stateTableSuite(deviceStates);

const fault = (): never => {
  throw new Error("planted");
};

let vm: DeviceStandIn;
let devices: VmDevices;

beforeEach(() => {
  vm = new DeviceStandIn();
  devices = vmDevices({ uvm: vm, guest: vm }, { host: 50, guest: 50 });
});

function nothingLeft(): void {
  assert.deepEqual(vm.left(), []);
  assert.deepEqual([devices.scsi.held, devices.plan9.held, devices.sockets.held], [0, 0, 0]);
}

const kinds: { readonly name: string; reserve(): Mapping; readonly up: DeviceCall[]; readonly down: DeviceCall[] }[] = [
  {
    name: "disk",
    reserve: () => devices.scsi.reserve({ hostPath: "/a.img", readOnly: true, fileSystem: "ext4" }),
    up: ["addScsiDisk", "addMappedVirtualDisk"],
    down: ["removeMappedVirtualDisk", "removeScsiDevice", "removeScsiDisk"],
  },
  {
    name: "share",
    reserve: () => devices.plan9.reserve({ hostPath: "/dir", readOnly: false }),
    up: ["addPlan9Share", "addMappedDirectory"],
    down: ["removeMappedDirectory", "removePlan9Share"],
  },
];

describe("a share at a path that is taken", () => {
  const at = (hostPath: string, readOnly = false) => devices.plan9.reserve({ hostPath, readOnly, guestPath: "/run/x" });
  const mounts = () => [...vm.mounts.keys()];

  it("by another share is refused, and takes nothing away", async () => {
    const first = at("/dir");
    await first.map();
    for (const other of [() => at("/other"), () => at("/dir", true)]) {
      assert.throws(other, { kind: "already-exists", message: /share 0 is mounted on \/run\/x in the guest/ });
    }
    await at("/dir").map();
    assert.deepEqual(mounts(), ["/run/x"]);
    await first.unmap();
  });

  it("by something of the guest's own is refused by it, and takes nothing away", async () => {
    vm.faults.addMappedDirectory = () => {
      throw alreadyExists("/run/x is mounted");
    };
    const mapping = at("/dir");
    await assert.rejects(mapping.map(), { kind: "already-exists" });
    await mapping.unmap();
    assert.deepEqual(
      vm.log.map((line) => line.split(" ")[0]),
      ["addPlan9Share", "addMappedDirectory", "removePlan9Share"],
    );
    nothingLeft();
  });

  it("is not unmounted where the host has no such share to mount", async () => {
    vm.faults.addPlan9Share = fault;
    const mapping = at("/dir");
    await assert.rejects(mapping.map(), /planted/);
    await mapping.unmap();
    assert.equal(
      vm.log.some((line) => line.startsWith("removeMappedDirectory")),
      false,
    );
    nothingLeft();
  });
});

for (const { name, reserve, up, down } of kinds) {
  describe(`a ${name}`, () => {
    it("is mapped in order and unmapped in reverse, each call once", async () => {
      const mapping = reserve();
      assert.equal(vm.log.length, 0, "a reservation asks nobody");
      await mapping.map();
      await mapping.map();
      await mapping.unmap();
      await mapping.unmap();
      assert.deepEqual(
        vm.log.map((line) => line.split(" ")[0]),
        [...up, ...down],
      );
      nothingLeft();
    });

    it("is shared by all who ask for the same, and goes with the last", async () => {
      const all = [reserve(), reserve(), reserve()];
      await Promise.all(all.map((mapping) => mapping.map()));
      assert.equal(vm.log.length, up.length);
      assert.equal(new Set(all.map(({ guestPath }) => guestPath)).size, 1);
      const [first, ...others] = all;
      await Promise.all(others.map((mapping) => mapping.unmap()));
      assert.equal(vm.mounts.size, 1);
      await first?.unmap();
      nothingLeft();
    });

    it("that was never mapped is released without a call", async () => {
      await reserve().unmap();
      assert.deepEqual(vm.log, []);
      nothingLeft();
    });

    for (const call of up) {
      for (const when of ["before", "after"] as const) {
        it(`whose ${call} fails ${when} it was done leaves nothing`, async () => {
          (when === "before" ? vm.faults : vm.lateFaults)[call] = fault;
          const mapping = reserve();
          await assert.rejects(mapping.map(), /planted/);
          await mapping.unmap();
          nothingLeft();
        });

        it(`whose ${call} failed ${when} it was done is mapped by the next try`, async () => {
          const faults = when === "before" ? vm.faults : vm.lateFaults;
          faults[call] = fault;
          const mapping = reserve();
          await assert.rejects(mapping.map(), /planted/);
          delete faults[call];
          await mapping.map();
          assert.equal(vm.mounts.size, 1);
          await mapping.unmap();
          nothingLeft();
        });
      }

      it(`whose ${call} hangs costs a bounded wait and leaves nothing`, async () => {
        vm.faults[call] = () => new Promise(() => {});
        const mapping = reserve();
        await assert.rejects(mapping.map(), (error) => isKind(error, "deadline-exceeded"));
        await mapping.unmap();
        nothingLeft();
      });
    }

    for (const call of down) {
      it(`whose ${call} fails is released by the next try, which goes on there`, async () => {
        const mapping = reserve();
        await mapping.map();
        vm.faults[call] = fault;
        await assert.rejects(mapping.unmap(), /planted/);
        delete vm.faults[call];
        await mapping.unmap();
        nothingLeft();
      });
    }

    it("of a guest that is gone is given back by the host alone", async () => {
      const mapping = reserve();
      await mapping.map();
      const gone = (): never => {
        vm.mounts.clear();
        throw unavailable("the bridge is closed");
      };
      for (const call of down.slice(0, -1)) vm.faults[call] = gone;
      await mapping.unmap();
      nothingLeft();
    });

    it("is not touched by another's failure to map it twice", async () => {
      const [a, b] = [reserve(), reserve()];
      vm.faults[up[0] ?? "addScsiDisk"] = fault;
      await Promise.all([assert.rejects(a.map(), /planted/), assert.rejects(b.map(), /planted/)]);
      await a.unmap();
      vm.faults[up[0] ?? "addScsiDisk"] = () => {};
      await b.map();
      assert.equal(vm.mounts.size, 1);
      await b.unmap();
      nothingLeft();
    });

    it("asked for while the last one goes is mapped anew, elsewhere", async () => {
      const gate = deferred<void>();
      const [first] = [reserve()];
      await first.map();
      vm.faults[down[0] ?? "removeScsiDevice"] = () => gate.promise;
      const going = first.unmap();
      const second = reserve();
      const mapped = second.map();
      assert.notEqual(second.guestPath, first.guestPath);
      gate.resolve();
      await Promise.all([going, mapped]);
      assert.deepEqual([...vm.mounts.keys()], [second.guestPath]);
      await second.unmap();
      nothingLeft();
    });
  });
}

describe("the disks of a VM", () => {
  it("take the places in order, give them back, and are refused when all are taken", async () => {
    vm.scsiLimits = { controllers: 2, luns: 2 };
    const disk = (n: number): Mapping =>
      devices.scsi.reserve({ hostPath: `/${n}`, readOnly: true, fileSystem: "erofs" });
    const all = [0, 1, 2, 3].map(disk);
    await Promise.all(all.map((mapping) => mapping.map()));
    assert.deepEqual([...vm.disks.keys()].sort(), ["0:0", "0:1", "1:0", "1:1"]);
    assert.throws(
      () => disk(4),
      (error) => kindOf(error) === "resource-exhausted" && /\/4.*all 4 places/.test(String(error)),
    );
    await all[1]?.unmap();
    const late = disk(5);
    await late.map();
    assert.equal(vm.disks.get("0:1"), "/5");
    for (const mapping of [...all, late]) await mapping.unmap();
    nothingLeft();
  });

  it("mount one image twice where it is to be mounted differently, on one attachment", async () => {
    const whole = devices.scsi.reserve({ hostPath: "/a", readOnly: true, fileSystem: "ext4" });
    const part = devices.scsi.reserve({ hostPath: "/a", readOnly: true, fileSystem: "ext4", partition: 2 });
    const writable = devices.scsi.reserve({ hostPath: "/a", readOnly: false, fileSystem: "ext4" });
    for (const mapping of [whole, part, writable]) await mapping.map();
    assert.equal(vm.disks.size, 2);
    assert.equal(vm.mounts.size, 3);
    await whole.unmap();
    assert.equal(vm.disks.size, 2, "the other mount still holds it");
    for (const mapping of [part, writable]) await mapping.unmap();
    nothingLeft();
  });

  it("attach an image again only once it was taken out: two writers would be refused, or worse", async () => {
    const [first, gate] = [devices.scsi.reserve({ hostPath: "/a", readOnly: false }), deferred<void>()];
    await first.map();
    const [asked, answered] = [deferred<void>(), gate.promise];
    vm.faults.removeScsiDisk = () => {
      asked.resolve();
      return answered;
    };
    const going = first.unmap();
    await asked.promise;
    const second = devices.scsi.reserve({ hostPath: "/a", readOnly: false });
    const mapped = second.map();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(vm.log.at(-1), "removeScsiDisk 0:0");
    gate.resolve();
    await Promise.all([going, mapped]);
    assert.deepEqual([...vm.disks.keys()], ["0:1"]);
    await second.unmap();
    nothingLeft();
  });

  it("keep a place whose disk could not be taken out, until it is", async () => {
    vm.scsiLimits = { controllers: 1, luns: 1 };
    const first = devices.scsi.reserve({ hostPath: "/a", readOnly: false });
    await first.map();
    vm.faults.removeScsiDisk = fault;
    await assert.rejects(first.unmap());
    assert.throws(() => devices.scsi.reserve({ hostPath: "/b", readOnly: false }), /taken/);
    delete vm.faults.removeScsiDisk;
    await first.unmap();
    nothingLeft();
  });
});

describe("the shares of a VM", () => {
  it("are two where one directory is asked for in both modes, and one where it is in two places", async () => {
    const all = [
      devices.plan9.reserve({ hostPath: "/dir", readOnly: true }),
      devices.plan9.reserve({ hostPath: "/dir", readOnly: false }),
      devices.plan9.reserve({ hostPath: "/dir", readOnly: false, guestPath: "/run/gcs/c/c1/rootfs" }),
    ];
    for (const mapping of all) await mapping.map();
    assert.deepEqual(vm.log, [
      "addPlan9Share 0 /dir ro",
      "addMappedDirectory 0 /run/mounts/m0 ro",
      "addPlan9Share 1 /dir",
      "addMappedDirectory 1 /run/mounts/m1",
      "addMappedDirectory 1 /run/gcs/c/c1/rootfs",
    ]);
    for (const mapping of all) await mapping.unmap();
    nothingLeft();
  });
});

describe("the shares of a VM that HCS runs", () => {
  const share = (...allowedNames: string[]): Mapping =>
    devices.plan9.reserve({ hostPath: "/dir", readOnly: true, allowedNames });

  it("are of their own for each set of files, in whatever order, and for the whole directory", async () => {
    const all = [
      share("a", "b"),
      share("b", "a"),
      share("a"),
      devices.plan9.reserve({ hostPath: "/dir", readOnly: true }),
    ];
    for (const mapping of all) await mapping.map();
    assert.deepEqual(
      vm.log.filter((line) => line.startsWith("addPlan9Share")),
      ["addPlan9Share 0 /dir ro only a,b", "addPlan9Share 1 /dir ro only a", "addPlan9Share 2 /dir ro"],
    );
    for (const mapping of all) await mapping.unmap();
    nothingLeft();
  });

  it("are refused where they may not be written to", () => {
    vm.shareRules = { readOnly: true };
    const writable = { hostPath: "/dir", readOnly: false };
    assert.throws(() => devices.plan9.reserve(writable), { kind: "permission-denied", message: /\/dir is writable/ });
    devices.plan9.reserve({ ...writable, readOnly: true });
    assert.equal(devices.plan9.held, 1);
  });
});

describe("the shared memory of a pod", () => {
  it("is one tmpfs for all its containers, by programs of the guest, and goes with the last", async () => {
    const all = [1, 2].map(() => devices.shm.reserve({ hostPath: "/pod/shm", bytes: 65536 }));
    await Promise.all(all.map((mapping) => mapping.map()));
    assert.deepEqual(vm.log, [
      "createProcess mkdir -p /run/mounts/m0",
      "createProcess mount -t tmpfs -o mode=1777,size=65536,nosuid,nodev,noexec shm /run/mounts/m0",
    ]);
    await all[0]?.unmap();
    assert.equal(vm.mounts.size, 1);
    await all[1]?.unmap();
    nothingLeft();
  });

  it("whose program fails can be tried again, and leaves nothing", async () => {
    const mapping = devices.shm.reserve({ hostPath: "/pod/shm", bytes: 65536 });
    vm.exitCode = 1;
    await assert.rejects(mapping.map(), /mkdir -p \/run\/mounts\/m0 in the guest ended with 1/);
    vm.exitCode = 0;
    await mapping.map();
    vm.faults.createProcess = fault;
    await assert.rejects(mapping.unmap(), /planted/);
    delete vm.faults.createProcess;
    await mapping.unmap();
    nothingLeft();
  });
});

it("the host waits for the guest longer than the guest for a device, so that the guest can say which is missing", () => {
  assert.ok(APPEARS_WITHIN_MS + 2_000 <= deviceLimits.guest);
});
