import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inTurn } from "./rounds.ts";

describe("the bench's rounds", () => {
  it("let both sides take turns, and begin in turn", async () => {
    const order: string[] = [];
    const figures = await inTurn(3, async (side, round) => {
      order.push(`${side}${round}`);
      return side === "ours" ? round : -round;
    });
    assert.deepEqual(order, ["peer0", "ours0", "ours1", "peer1", "peer2", "ours2"]);
    assert.deepEqual(figures, { ours: [0, 1, 2], peer: [-0, -1, -2] });
  });
});
