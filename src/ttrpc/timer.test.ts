import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startTimer } from "./timer.ts";

describe("timer", () => {
  it("a time above 2^31 - 1 ms does not fire at once", async () => {
    // setTimeout alone would fire after 1 ms; the short timer started later proves that this one had its chance.
    let fired = false;
    const stop = startTimer(2 ** 31 + 1000, () => {
      fired = true;
    });
    await new Promise<void>((resolve) => startTimer(20, resolve));
    stop();
    assert.equal(fired, false);
  });

  it("never fires once stopped", async () => {
    let fired = false;
    startTimer(1, () => {
      fired = true;
    })();
    await new Promise<void>((resolve) => startTimer(10, resolve));
    assert.equal(fired, false);
  });
});
