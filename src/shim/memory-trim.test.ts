import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "../../test/harness/until.ts";
import type { TaskEvent } from "../orchestration/events.ts";
import { MemoryTrim } from "./memory-trim.ts";

const event: TaskEvent = { topic: "/tasks/start", containerId: "c", pid: 5 };

/** The trim's timer keeps nobody alive. */
async function alive(work: () => Promise<void>): Promise<void> {
  const timer = setInterval(() => undefined, 10);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
}

describe("the daemon's memory", () => {
  it("is rid of its garbage each so many events where it is never quiet, and keeps the rest", () => {
    let collections = 0;
    const collect = () => {
      collections += 1;
    };
    const memory = new MemoryTrim({
      ...{ trim: assert.fail, collect, isAtWork: () => false, quietMs: 1_000_000_000, mostEvents: 3 },
    });
    const events = memory.after({ publish: () => {} });
    const seen = Array.from({ length: 7 }, () => {
      events.publish(event);
      return collections;
    });
    assert.deepEqual(seen, [0, 0, 1, 1, 1, 2, 2]);
  });

  it("counts these anew after it was given back", async () => {
    let [collections, trims] = [0, 0];
    const memory = new MemoryTrim({
      trim: () => {
        trims += 1;
      },
      collect: () => {
        collections += 1;
      },
      ...{ isAtWork: () => false, quietMs: 5, mostEvents: 3 },
    });
    const events = memory.after({ publish: () => {} });
    await alive(async () => {
      for (const times of [2, 4]) {
        for (let count = 0; count < 2; count++) events.publish(event);
        await until("both trims", () => trims === times);
      }
    });
    assert.equal(collections, 0);
  });

  it("is given back twice after the last event, and again after the next", async () => {
    const published: unknown[] = [];
    let trims = 0;
    const trim = () => {
      trims += 1;
    };
    const memory = new MemoryTrim({ trim, collect: assert.fail, isAtWork: () => false, quietMs: 20 });
    const events = memory.after({ publish: (each) => published.push(each) });
    await alive(async () => {
      for (const times of [2, 4]) {
        events.publish(event);
        await until("both trims", () => trims === times);
      }
    });
    assert.deepEqual(published, [event, event]);
  });

  it("is kept while a call is worked at, and given back twice afterwards", async () => {
    let [looks, trims, isAtWork] = [0, 0, true];
    const memory = new MemoryTrim({
      trim() {
        assert.ok(!isAtWork, "the call has ended");
        trims += 1;
      },
      isAtWork() {
        looks += 1;
        return isAtWork;
      },
      collect: assert.fail,
      quietMs: 5,
    });
    await alive(async () => {
      memory.touch();
      await until("some looks at a call that takes its time", () => looks > 3);
      assert.equal(trims, 0);
      isAtWork = false;
      await until("both trims", () => trims === 2);
    });
  });
});
