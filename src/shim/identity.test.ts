import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { DAEMON_RUNTIME, isRuntimes } from "./identity.ts";

const launcher = fileURLToPath(new URL("../../cmd/containerd-shim-uvm-v1/launcher.sh", import.meta.url));

it("a daemon's runtime gets from the launcher what it gets from a spare's keeper, and no child of it gets that", () => {
  const given = readFileSync(launcher, "utf8").matchAll(/\b(BUN_\w+)=(\w+)/g);
  assert.deepEqual(Object.fromEntries([...given].map(([, name, value]) => [name, value])), DAEMON_RUNTIME);
  assert.ok(Object.keys(DAEMON_RUNTIME).every(isRuntimes));
});
