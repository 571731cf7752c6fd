import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { median, quantile, rounded, spread, table } from "./figures.ts";

describe("the bench's figures", () => {
  it("are medians and quantiles of values in any order", () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([4, 1, 3, 2]), 2);
    assert.equal(quantile([5, 4, 3, 2, 1], 0.25), 2);
    assert.equal(quantile([1, 2, 3], 1), 3);
    assert.ok(Number.isNaN(median([])));
  });

  it("are shown with three figures that count, and their range", () => {
    assert.deepEqual([1234.5, 12.345, 0.12345, Number.NaN].map(rounded), ["1235", "12.3", "0.123", "-"]);
    assert.equal(spread([2, 1, 3]), "2.00 (1.00 to 3.00)");
    assert.equal(spread([2]), "2.00");
    assert.equal(spread([]), "-");
  });

  it("stand in a table of Markdown", () => {
    assert.equal(table(["a", "b"], [["1", "2"]]), "| a | b |\n| --- | --- |\n| 1 | 2 |");
  });
});
