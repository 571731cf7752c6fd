import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseFlags } from "./flags.ts";
import { firstProcessFlags } from "./plain-flags.ts";

describe("the flags of a VM's first process", () => {
  it("are known without the parser, and the same as by it", () => {
    assert.deepEqual({ ...parseFlags(["-pid1"]), vsock: undefined, logfile: undefined }, firstProcessFlags(["-pid1"]));
    for (const argv of [[], ["--pid1"], ["-pid1", "-port", "x"], ["-v4"]]) {
      assert.equal(firstProcessFlags(argv), undefined, argv.join(" "));
    }
  });
});
