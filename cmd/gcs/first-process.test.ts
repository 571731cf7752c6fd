import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { vsockArgument } from "./first-process.ts";

describe("where a guest's host listens", () => {
  for (const [commandLine, told] of [
    ["console=ttyS0 quiet", undefined],
    ["quiet uvm.vsock=1025 panic=-1\n", 1025],
    ["uvm.vsock=ports\n", "ports"],
    ["quiet uvm.vsock=portside", undefined],
    ["not.uvm.vsock=ports", undefined],
  ] as const) {
    it(`is told by the kernel's command line: ${JSON.stringify(commandLine)}`, () =>
      assert.equal(vsockArgument(commandLine), told));
  }
});
