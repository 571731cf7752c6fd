import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import { readElf } from "./elf.ts";
import { closure } from "./root-tree.ts";

const SHELL = realpathSync("/bin/sh");
const shell = readElf(readFileSync(SHELL));

describe("readElf", () => {
  it("reads a program's libraries and its loader", () => {
    assert.ok(shell?.needed.includes("libc.so.6"));
    assert.match(shell?.interpreter ?? "", /^\/lib.*\/ld-linux/);
  });

  it("answers undefined for what is no ELF, and refuses 32 bits", () => {
    assert.equal(readElf(Buffer.from("#!/bin/sh\n".padEnd(80, "x"))), undefined);
    const other = Buffer.alloc(64);
    other.set([0x7f, 0x45, 0x4c, 0x46, 1, 1]);
    assert.throws(() => readElf(other), /not a 64-bit/);
  });
});

describe("closure", () => {
  it("finds libraries in the packages' folders, and the loader", () => {
    const tree = mkdtempSync(join(tmpdir(), "uvm-tree-"));
    try {
      const lib = join(tree, "lib/x86_64-linux-gnu");
      mkdirSync(lib, { recursive: true });
      const loader = basename(shell?.interpreter ?? "");
      // Stand-ins: what they are made of is not looked at.
      for (const name of [...(shell?.needed ?? []), loader]) copyFileSync(import.meta.filename, join(lib, name));
      assert.ok([...closure([SHELL], [], [tree]).keys()].includes(loader));
      assert.throws(() => closure([SHELL], ["libgone.so.1"], [tree]), /libgone.so.1, which the gcs needs/);
    } finally {
      rmSync(tree, { recursive: true });
    }
  });

  it("says which program lacks which library", () => {
    assert.throws(() => closure([SHELL], [], []), /which .* needs, is in no package of the recipe: add it/);
  });
});
