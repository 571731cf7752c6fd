import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ErrorKind, kindOf } from "../../errors/shim-error.ts";
import { describeExtents, readVmdk, type VmdkExtent } from "./vmdk.ts";

const descriptor = (extents: string, parent = "ffffffff"): Uint8Array =>
  Buffer.from(`# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=${parent}\ncreateType="x"\n# Extents\n${extents}\n`);

/** The header of a sparse file, with a descriptor in its second sector. */
function sparse(flags: number, text = "# Disk DescriptorFile\nparentCID=ffffffff\n"): Uint8Array {
  const bytes = Buffer.alloc(1024);
  bytes.write("KDMV", "latin1");
  bytes.writeUInt32LE(1, 4);
  bytes.writeUInt32LE(flags, 8);
  bytes.writeBigUInt64LE(1n, 28);
  bytes.writeBigUInt64LE(1n, 36);
  bytes.write(text, 512);
  return bytes;
}

describe("VMDK images", () => {
  it("of one sparse file say whether they can be written to", () => {
    assert.deepEqual(readVmdk("/a", sparse(3)), { kind: "sparse", isCompressed: false });
    assert.deepEqual(readVmdk("/a", sparse(0x30001)), { kind: "sparse", isCompressed: true });
  });

  it("of several files are read in the order of their extents", () => {
    const text = 'RW 2048 FLAT "a b.img" 16\r\nRDONLY 1 FLAT "/layers/b" 0\n  RW 128 SPARSE "s001.vmdk"';
    const vmdk = readVmdk("/a", descriptor(text));
    assert.deepEqual(vmdk, {
      kind: "descriptor",
      extents: [
        { access: "RW", sectors: 2048, type: "FLAT", file: "a b.img", offset: 16 },
        { access: "RDONLY", sectors: 1, type: "FLAT", file: "/layers/b", offset: 0 },
        { access: "RW", sectors: 128, type: "SPARSE", file: "s001.vmdk", offset: 0 },
      ],
    });
  });

  const refused: readonly [what: string, bytes: Uint8Array, kind: ErrorKind, message: RegExp][] = [
    ["an image of another kind", Buffer.alloc(4096), "invalid-argument", /no VMDK image/],
    ["a descriptor without extents", descriptor(""), "invalid-argument", /names no extent/],
    ["an extent that is none", descriptor("RW many FLAT"), "invalid-argument", /"RW many FLAT", which is no extent/],
    ["an extent without a file", descriptor("RW 1 FLAT"), "invalid-argument", /without a file/],
    ["an extent without a sector", descriptor('RW 0 FLAT "a" 0'), "invalid-argument", /no possible size/],
    ["a size that is no number", descriptor(`RW ${"9".repeat(30)} FLAT "a" 0`), "invalid-argument", /no possible size/],
    ["a hole", descriptor("RW 8 ZERO"), "unimplemented", /type ZERO/],
    ["an extent that nobody may read", descriptor('NOACCESS 8 FLAT "a" 0'), "unimplemented", /nobody may read/],
    ["an extent of ESX", descriptor('RW 8 VMFS "a"'), "unimplemented", /type VMFS/],
    ["the difference to another", descriptor('RW 8 FLAT "a" 0', "12345678"), "unimplemented", /difference/],
    ["that in a sparse file", sparse(3, "# Disk DescriptorFile\nparentCID=12345678\n"), "unimplemented", /difference/],
  ];
  for (const [what, bytes, kind, message] of refused) {
    it(`refuse ${what}`, () => {
      assert.throws(
        () => readVmdk("/a.vmdk", bytes),
        (error: Error) => message.test(error.message) && kindOf(error) === kind,
      );
    });
  }

  it("are described anew with other names, as QEMU reads them", () => {
    const extents: readonly VmdkExtent[] = [
      { access: "RDONLY", sectors: 8, type: "FLAT", file: "a", offset: 3 },
      { access: "RW", sectors: 16, type: "FLAT", file: "b", offset: 0 },
    ];
    const text = describeExtents(extents, ["/dev/fdset/1", "/dev/fdset/2"]);
    assert.match(text, /^createType="twoGbMaxExtentFlat"$/m);
    const again = readVmdk("/again", Buffer.from(text));
    assert.deepEqual(again.kind === "descriptor" && again.extents, [
      { access: "RW", sectors: 8, type: "FLAT", file: "/dev/fdset/1", offset: 3 },
      { access: "RW", sectors: 16, type: "FLAT", file: "/dev/fdset/2", offset: 0 },
    ]);
    const [first] = extents;
    assert.ok(first);
    assert.match(describeExtents([{ ...first, type: "SPARSE" }], ["/dev/fdset/1"]), /^RW 8 SPARSE "\/dev\/fdset\/1"$/m);
  });
});
