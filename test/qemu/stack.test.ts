/** The stack `qemu` with real QEMU and the image of out/uvm. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "node:test";
import { createQemuStack } from "../../src/vmmanager/stacks/qemu/stack.ts";
import { stackSuite } from "../compliance/stack-suite.ts";
import { notBootable } from "./uvm.ts";

describe("the stack qemu", { skip: notBootable() ?? false, timeout: 1_800_000 }, () => {
  stackSuite("qemu", "qemu", () => {
    const stateDirectory = mkdtempSync(join(tmpdir(), "uvm-qemu-"));
    return {
      stack: createQemuStack({ image: "out/uvm" }),
      options: { id: "v1", stateDirectory },
      cleanup: () => rmSync(stateDirectory, { recursive: true }),
    };
  });
});
