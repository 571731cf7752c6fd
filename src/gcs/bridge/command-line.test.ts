import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { splitCommandLine } from "./command-line.ts";

describe("command line", () => {
  for (const [line, words] of [
    ["sleep 100", ["sleep", "100"]],
    ["  a\t b\n", ["a", "b"]],
    ["", []],
    [`sh -c "echo 'x y'"`, ["sh", "-c", "echo 'x y'"]],
    [`a'b c'd "" ''`, ["ab cd", "", ""]],
    [`a\\ b "q\\"q" '\\'`, ["a b", 'q"q', "\\"]],
  ] as const) {
    it(`splits ${JSON.stringify(line)}`, () => assert.deepEqual(splitCommandLine(line), words));
  }

  for (const line of ['"open', "'open", "end\\"]) {
    it(`refuses ${JSON.stringify(line)}`, () => {
      assert.throws(
        () => splitCommandLine(line),
        (error) => isKind(error, "invalid-argument"),
      );
    });
  }
});
