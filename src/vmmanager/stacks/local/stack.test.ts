import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stackSuite } from "../../../../test/compliance/stack-suite.ts";
import { createLocalStack } from "./stack.ts";

stackSuite("local", "local", () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "uvm-local-"));
  return {
    stack: createLocalStack(),
    options: { id: "v1", stateDirectory },
    cleanup: () => rmSync(stateDirectory, { recursive: true, force: true }),
  };
});
