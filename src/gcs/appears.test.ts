import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { appears } from "./appears.ts";

describe("what is plugged in", () => {
  it("is seen while the drivers still load: it may need none of them", async () => {
    const drivers = new Promise<never>(() => {});
    assert.equal(await appears(() => "there", { withinMs: 0, drivers }), "there");
  });

  it("has its time from when the drivers are loaded, not from the request on", async () => {
    let there: string | undefined;
    let loaded = (): void => {};
    const drivers = new Promise<void>((resolve) => {
      loaded = resolve;
    });
    const seen = appears(() => there, { withinMs: 0, drivers });
    loaded();
    there = "sda";
    assert.equal(await seen, "sda");
  });

  it("is not waited for beyond that time, also where drivers could not be loaded", async () => {
    for (const loading of [undefined, async () => {}, () => Promise.reject(new Error("no such module"))]) {
      assert.equal(await appears(() => undefined, { withinMs: 0, ...(loading && { drivers: loading() }) }), undefined);
    }
  });
});
