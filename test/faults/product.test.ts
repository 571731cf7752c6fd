import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gcsBundle } from "../../scripts/uvm-image/gcs-program.ts";
import { FAILPOINTS_VARIABLE } from "../../src/failpoint/failpoint.ts";
import { failpointsDirectory, runtimeUnderTest, shimDirectory } from "../harness/runtime-under-test.ts";
import { useMachine } from "../harness/use-machine.ts";
import { failpointFlags } from "./observe.ts";

const program = "containerd-shim-uvm-v1";

describe("the shim that is shipped", () => {
  const machine = useMachine({ runtime: runtimeUnderTest("io.containerd.uvm.v1", "local") });

  // The variable's name: what annotations there are, a fault's among them, the product tells whoever asks.
  it("has nothing of the failpoints, in neither form of a string, where the build for tests has them", () => {
    const has = (directory: string, encoding: BufferEncoding): boolean =>
      readFileSync(join(directory, "shim", program)).includes(Buffer.from(FAILPOINTS_VARIABLE, encoding));
    assert.ok(has(failpointsDirectory, "latin1"));
    for (const encoding of ["latin1", "utf16le"] as const) assert.ok(!has(shimDirectory, encoding), encoding);
  });

  it("nor has the guest's program", () => {
    const bundle = gcsBundle();
    assert.ok(bundle.includes("NegotiateProtocol"));
    assert.ok(!bundle.includes(FAILPOINTS_VARIABLE));
  });

  it("does not react to them", async () => {
    const flags = failpointFlags({ Create: "error(no)", "start.spawn": "kill", "publisher.forward": "panic" });
    const { code } = await machine().ctr.run(machine().id("deaf"), ["sh", "-c", "exit 3"], flags);
    assert.equal(code, 3);
  });
});
