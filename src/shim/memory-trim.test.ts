import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "../../test/harness/until.ts";
import { MemoryTrim } from "./memory-trim.ts";

describe("the daemon's memory", () => {
  it("is given back twice after the last event, and again after the next", async () => {
    const published: unknown[] = [];
    let trims = 0;
    const trim = new MemoryTrim(() => {
      trims += 1;
    }, 20);
    const events = trim.after({ publish: (event) => published.push(event) });
    const event = { topic: "/tasks/start", containerId: "c", pid: 5 } as const;
    // The timer keeps nobody alive.
    const alive = setInterval(() => undefined, 10);
    try {
      for (const times of [2, 4]) {
        events.publish(event);
        await until("both trims", () => trims === times);
      }
    } finally {
      clearInterval(alive);
    }
    assert.deepEqual(published, [event, event]);
  });
});
