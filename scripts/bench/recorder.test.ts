import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Metric } from "./metric.ts";
import { type Finding, Recorder } from "./recorder.ts";

const metric = (id: string, ours: readonly number[]): Metric => ({ id, title: id, unit: "ms", ours });

describe("the bench's recorder", () => {
  it("tells what was measured, and goes on after a step that throws, hangs or gives no figure", async () => {
    const told: Finding[] = [];
    const began: string[] = [];
    const recorder = new Recorder(
      (finding) => told.push(finding),
      (what) => began.push(what),
      2,
    );
    await recorder.measure("first", 60, async () => [metric("a", [1]), metric("b", [Number.NaN]), metric("c", [])]);
    await recorder.measure("second", 60, () => Promise.reject(new Error("refused")));
    await recorder.measure("third", 0.005, () => new Promise(() => undefined));
    await recorder.measure("fourth", 60, async () => [metric("d", [2])]);
    assert.deepEqual(told, [
      { metric: metric("a", [1]) },
      { failure: { what: "b", why: "no figure came of it" } },
      { failure: { what: "c", why: "no figure came of it" } },
      { failure: { what: "second", why: "refused" } },
      { failure: { what: "third", why: "no end after 0.01 s" } },
      { metric: metric("d", [2]) },
    ]);
    assert.deepEqual(began, ["first", "second", "third", "fourth"]);
  });
});
