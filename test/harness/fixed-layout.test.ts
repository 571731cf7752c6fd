import assert from "node:assert/strict";
import { it } from "node:test";
import { runOk } from "./command.ts";
import { withFixedLayout } from "./fixed-layout.ts";

const SHOWN = ["sh", "-c", "grep -F '[heap]' /proc/self/maps"];

it("a program with a fixed layout has its heap where it had it the last time", async () => {
  const heaps: string[] = [];
  for (let round = 0; round < 4; round++) {
    const { stdout } = await runOk(withFixedLayout(SHOWN));
    heaps.push(stdout.split(" ")[0] ?? "");
  }
  assert.match(heaps[0] ?? "", /^[0-9a-f]+-[0-9a-f]+$/);
  assert.equal(new Set(heaps).size, 1, heaps.join(" "));
});
