import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShimError } from "../errors/shim-error.ts";
import { alreadySet, notSupported, operations, resources, unknownGuestOs, unsupportedGuestOs } from "./support.ts";

describe("what a stack supports", () => {
  it("is told by virtstack's resources and operations, and our own", () => {
    const virtstack = ["vpmem", "scsi", "network", "vsmb", "pci", "plan9", "memory", "processor", "cpu-group"];
    assert.deepEqual(
      virtstack.filter((name) => !resources.some((ours) => ours === name)),
      [],
    );
    assert.deepEqual(
      ["add", "remove", "update"].filter((name) => !operations.some((ours) => ours === name)),
      [],
    );
  });

  for (const [name, error, kind, message] of [
    ["of virtstack's ErrAlreadySet", alreadySet("the scratch"), "already-exists", "the scratch has already been set"],
    [
      ...(["of virtstack's ErrNotSupported", notSupported("local", "vsmb", "add")] as const),
      ...(["unimplemented", "stack local does not support add of vsmb"] as const),
    ],
    [
      ...(["of virtstack's ErrUnsupportedGuestOS", unsupportedGuestOs("qemu", "windows", "a VM")] as const),
      ...(["unimplemented", "stack qemu does not support a VM with a windows guest"] as const),
    ],
    [
      ...(["of virtstack's ErrUnknownGuestOS", unknownGuestOs("plan9")] as const),
      ...(["invalid-argument", 'guest operating system "plan9" is not known: use linux or windows'] as const),
    ],
  ] as const) {
    it(`is refused by an error ${name}`, () => {
      assert.ok(error instanceof ShimError);
      assert.deepEqual([error.kind, error.message], [kind, message]);
    });
  }
});
