import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeModule, loadOrder, type ModuleIndex, modulesAlias, modulesDep } from "./modules.ts";

function index(modules: Record<string, string>, builtIn: string[] = []): ModuleIndex {
  const described = Object.entries(modules).map(([path, depends]) => describeModule(path, [["depends", depends]]));
  return { modules: new Map(described.map((module) => [module.name, module])), builtIn: new Set(builtIn) };
}

const virtio = index(
  {
    "drivers/virtio-ring.ko": "",
    "drivers/virtio.ko": "virtio-ring",
    "drivers/virtio_pci.ko": "virtio,virtio_ring",
    "fs/erofs.ko": "libcrc32c",
    "lib/libcrc32c.ko": "",
  },
  ["ext4"],
);

const names = (of: ModuleIndex, wanted: string[]): string[] => loadOrder(of, wanted).map(({ name }) => name);

describe("loadOrder", () => {
  it("puts each module after those that it needs, once", () => {
    assert.deepEqual(names(virtio, ["virtio-pci", "virtio", "erofs"]), [
      ...["virtio_ring", "virtio", "virtio_pci", "libcrc32c", "erofs"],
    ]);
  });

  it("leaves out what is built in", () => {
    assert.deepEqual(names(virtio, ["ext4"]), []);
  });

  it("names who needs a module that the kernel lacks", () => {
    assert.throws(() => loadOrder(virtio, ["nvme"]), /no module nvme$/);
    assert.throws(() => loadOrder(index({ "a.ko": "b", "b.ko": "gone" }), ["a"]), /no module gone \(needed by a < b\)/);
  });

  it("refuses a circle", () => {
    assert.throws(() => loadOrder(index({ "a.ko": "b", "b.ko": "a" }), ["a"]), /need each other: a > b > a/);
  });

  it("brings a soft dependency where there is one, before the module", () => {
    const soft = describeModule("a.ko", [["softdep", "pre: z-hash gone post: later"]]);
    const of = index({ "z_hash.ko": "", "later.ko": "" });
    assert.deepEqual(names({ ...of, modules: new Map([...of.modules, ["a", soft]]) }, ["a"]), ["z_hash", "a"]);
  });
});

describe("the files that modprobe reads", () => {
  it("modules.dep names what a module needs, the first to be loaded last", () => {
    const text = modulesDep(virtio, loadOrder(virtio, ["virtio_pci"]));
    assert.equal(
      text,
      "drivers/virtio-ring.ko:\n" +
        "drivers/virtio.ko: drivers/virtio-ring.ko\n" +
        "drivers/virtio_pci.ko: drivers/virtio.ko drivers/virtio-ring.ko\n",
    );
  });

  it("modules.alias has one line for each alias", () => {
    const module = describeModule("fs/overlay.ko", [
      ["alias", "fs-overlay"],
      ["license", "GPL"],
      ["alias", "other"],
    ]);
    assert.equal(modulesAlias([module]), "alias fs-overlay overlay\nalias other overlay\n");
  });
});
