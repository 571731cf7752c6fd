import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { WindowsPod } from "./pod.ts";

test("tests run on Windows' Node 22 with koffi's Windows binary and a stand-in computecore.dll", () => {
  assert.equal(process.platform, "win32");
  assert.match(process.version, /^v22\./);
  const koffi: { version: string } = createRequire(import.meta.url)("koffi");
  assert.equal(koffi.version, "3.3.4");
  assert.ok(existsSync(process.env.UVM_SHIM_COMPUTECORE ?? ""));
});

// Its pid was 0 still, which names the process that kills: files ended with 1 and no totals.
test("a pod whose start has failed is abandoned without the end of its test", async () => {
  await new WindowsPod("never-started").abandon();
});
