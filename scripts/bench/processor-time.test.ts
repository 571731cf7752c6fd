import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { percentBetween, processorTime } from "./processor-time.ts";

describe("the processors' time", () => {
  it("is read of /proc/stat, and compared with what it was", () => {
    const from = processorTime("cpu  100 0 50 800 50 0 0 0 77 0\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5\n");
    assert.deepEqual(from, { total: 1000, idle: 850, stolen: 0 });
    const to = processorTime("cpu  120 0 60 840 50 0 0 30 99 0\n");
    assert.deepEqual(percentBetween(from, to), { busy: 60, stolen: 30 });
  });

  it("is there on this machine", () => {
    const { total, idle } = processorTime();
    assert.ok(total > 0 && idle >= 0 && idle <= total);
  });
});
