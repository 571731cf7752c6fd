import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { rowsOn } from "./matrix.ts";
import type { StackName } from "./row.ts";
import { Stage } from "./stage.ts";

/** The rows of a stack as tests. */
export function playMatrix(stack: StackName): void {
  describe(`the fault matrix, stack ${stack}`, () => {
    const stage = new Stage(stack);
    after(() => stage.close());
    for (const row of rowsOn(stack)) {
      it(row.fault, async () => {
        const { expected, seen, leaks } = await stage.play(row);
        assert.equal(seen, expected);
        assert.deepEqual(leaks, []);
      });
    }
  });
}
