import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { DeviceStandIn } from "../../../../test/compliance/device-stand-in.ts";
import { notFound } from "../../../errors/shim-error.ts";
import type { VpmemLimits } from "../../../vmmanager/vpmem.ts";
import { reserveLayer } from "../layer.ts";
import type { Mapping } from "../mapping.ts";
import { ScsiController } from "../scsi/controller.ts";
import { VpmemController } from "./controller.ts";
import { VpmemPlaces } from "./places.ts";

const MIB = 1 << 20;
const limits = { host: 50, guest: 50 };
const sizes: Record<string, number> = { tiny: 512, small: MIB, medium: 3 * MIB, big: 16 * MIB, odd: 4 * MIB + 512 };

let vm: DeviceStandIn;
let last: number;

beforeEach(() => {
  vm = new DeviceStandIn();
  last = 0;
});

/** An image is as large as the word before its first dash says. */
function controller(given: Partial<VpmemLimits>): VpmemController {
  vm.vpmemLimits = { devices: 3, deviceBytes: BigInt(16 * MIB), multiMapping: true, ...given };
  const size = (path: string): bigint => {
    const bytes = sizes[path.split("-")[0] ?? ""];
    if (bytes === undefined) throw notFound(`${path} does not exist`);
    return BigInt(bytes);
  };
  return new VpmemController({ uvm: vm, guest: vm, nextMountPath: () => `/m${last++}`, limits, files: { size } });
}

async function mapped(vpmem: VpmemController, ...paths: string[]): Promise<Mapping[]> {
  const all = paths.map((hostPath) => vpmem.reserve({ hostPath }));
  await Promise.all(all.map((mapping) => mapping.map()));
  return all;
}

describe("layers on VPMem devices of their own", () => {
  it("take the next free device, leave the one of the boot disk alone, and are refused when all are taken", async () => {
    const vpmem = controller({ multiMapping: false, reserved: [0] });
    const [a] = await mapped(vpmem, "small-a", "small-b", "small-a");
    assert.deepEqual([...vm.vpmem.keys()], ["1@0", "2@0"]);
    assert.throws(() => vpmem.reserve({ hostPath: "small-c" }), {
      kind: "resource-exhausted",
      message: "layer small-c cannot be attached: all 3 VPMem devices of this vm are taken",
    });
    await a?.unmap();
    assert.equal(vm.vpmem.size, 2, "another holds it");
  });

  it("give their device back to the next", async () => {
    const vpmem = controller({ multiMapping: false });
    const [a] = await mapped(vpmem, "small-a", "small-b");
    await a?.unmap();
    await mapped(vpmem, "small-c");
    assert.deepEqual([...vm.vpmem].sort(), [
      ["0@0", "small-c"],
      ["1@0", "small-b"],
    ]);
    assert.ok(vm.log.includes("mountVpmem 0@0 /m0"), "no mapping is told of");
  });

  it("are refused where they are larger than a device, do not exist, or the VM has none", () => {
    const [vpmem, none] = [controller({ deviceBytes: BigInt(MIB) }), controller({ devices: 0 })];
    assert.throws(() => controller({ deviceBytes: BigInt(MIB) }).reserve({ hostPath: "medium-a" }), {
      kind: "out-of-range",
      message: /layer medium-a of 3145728 bytes is too large for a VPMem device of 1048576: attach it as a SCSI disk/,
    });
    assert.throws(() => vpmem.reserve({ hostPath: "missing" }), { kind: "not-found" });
    assert.throws(() => none.reserve({ hostPath: "small-a" }), { kind: "resource-exhausted" });
    assert.deepEqual([vpmem.held, none.held, vm.log.length], [0, 0, 0]);
  });

  it("go on a SCSI disk where there is no room, and nowhere else for another reason", async () => {
    const vpmem = controller({ devices: 1, multiMapping: false, deviceBytes: BigInt(4 * MIB) });
    const scsi = new ScsiController({ uvm: vm, guest: vm, nextMountPath: () => `/m${last++}`, limits });
    for (const path of ["big-a", "small-a", "small-b"]) await reserveLayer({ vpmem, scsi }, { hostPath: path }).map();
    assert.deepEqual([...vm.vpmem.values(), ...vm.disks.values()], ["small-a", "big-a", "small-b"]);
    assert.throws(() => reserveLayer({ vpmem, scsi }, { hostPath: "missing" }), { kind: "not-found" });
  });
});

describe("layers packed on VPMem devices", () => {
  it("lie behind each other, the first brings the device, and the guest is told where", async () => {
    const vpmem = controller({});
    await mapped(vpmem, "medium-a");
    await mapped(vpmem, "odd-b");
    await mapped(vpmem, "tiny-c", "small-d");
    await mapped(vpmem, "medium-e");
    assert.deepEqual(vm.log, [
      "addVpmemDevice 0@0 medium-a",
      `mountVpmem 0@0 /m0 ${3 * MIB}`,
      // 4 MiB and a VHD's footer need a place of 16.
      "addVpmemDevice 1@0 odd-b",
      `mountVpmem 1@0 /m1 ${4 * MIB + 4096}`,
      `addVpmemMapping 0@${4 * MIB} tiny-c`,
      `addVpmemMapping 0@${5 * MIB} small-d`,
      `mountVpmem 0@${4 * MIB} /m2 4096`,
      `mountVpmem 0@${5 * MIB} /m3 ${MIB}`,
      `addVpmemMapping 0@${8 * MIB} medium-e`,
      `mountVpmem 0@${8 * MIB} /m4 ${3 * MIB}`,
    ]);
  });

  it("go in any order: the first on a device stays with the host until the others are out", async () => {
    const vpmem = controller({});
    const [a, b, c] = await mapped(vpmem, "small-a", "small-b", "small-c");
    await a?.unmap();
    assert.deepEqual(vm.log.at(-1), "unmountVpmem /m0");
    assert.deepEqual([...vm.vpmem.keys()], ["0@0", `0@${MIB}`, `0@${2 * MIB}`]);
    await b?.unmap();
    const [again] = await mapped(vpmem, "small-a");
    assert.equal(vm.log.at(-1), `mountVpmem 0@0 /m3 ${MIB}`, "it is mounted anew, it was there");
    for (const mapping of [again, c]) await mapping?.unmap();
    assert.deepEqual([vm.left(), vpmem.held], [[], 0]);
  });

  it("are not put onto a device whose first did not come, and are once it has", async () => {
    const vpmem = controller({});
    vm.faults.addVpmemDevice = () => {
      throw new Error("planted");
    };
    const a = vpmem.reserve({ hostPath: "small-a" });
    await assert.rejects(a.map(), /planted/);
    delete vm.faults.addVpmemDevice;
    await mapped(vpmem, "small-b");
    await a.map();
    await mapped(vpmem, "small-c");
    assert.deepEqual([...vm.vpmem.keys()], ["1@0", "0@0", `0@${MIB}`]);
  });

  it("are not put onto a device whose first is on its way out", async () => {
    const vpmem = controller({});
    const [a] = await mapped(vpmem, "small-a");
    vm.faults.removeVpmemMapping = () => {
      throw new Error("planted");
    };
    await assert.rejects(a?.unmap() ?? Promise.resolve(), /planted/);
    const [b] = await mapped(vpmem, "small-b");
    assert.deepEqual([...vm.vpmem.keys()], ["0@0", "1@0"]);
    delete vm.faults.removeVpmemMapping;
    for (const mapping of [a, b]) await mapping?.unmap();
    assert.deepEqual(vm.left(), []);
  });
});

it("places of packed images never overlap, are aligned to their size and inside their device, and none is lost", () => {
  const act = fc.record({ bytes: fc.integer({ min: 1, max: 20 * MIB }), give: fc.nat(30), take: fc.boolean() });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60, size: "max" }), (acts) => {
      const places = new VpmemPlaces({ devices: 3, deviceBytes: BigInt(18 * MIB), multiMapping: true, reserved: [1] });
      const taken: NonNullable<ReturnType<typeof places.take>>[] = [];
      for (const { bytes, give, take } of acts) {
        const place = take ? places.take(bytes, () => true) : undefined;
        if (place !== undefined) taken.push(place);
        else if (!take && taken.length > 0) for (const old of taken.splice(give % taken.length, 1)) places.give(old);
        for (const a of taken) {
          assert.ok(a.deviceNumber !== 1 && a.offset + a.bytes <= 18 * MIB && a.offset % a.bytes === 0);
          for (const b of taken) {
            const apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
            assert.ok(a === b || a.deviceNumber !== b.deviceNumber || apart);
          }
        }
        if (place !== undefined) assert.ok(place.bytes >= bytes);
      }
      for (const place of taken) places.give(place);
      assert.equal(places.count, 0);
      assert.deepEqual(places.take(18 * MIB, () => false)?.offset, 0);
    }),
  );
});
