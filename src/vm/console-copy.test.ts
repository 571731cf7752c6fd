import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLogger } from "../log/logger.ts";
import { consoleCopy } from "./console-copy.ts";

describe("the copy of a console", () => {
  const logged: string[] = [];
  const log = createLogger({ level: "warn", sink: { write: (line) => void logged.push(line) } });

  it("goes to the writer as it comes", () => {
    const copied: string[] = [];
    const copy = consoleCopy({ write: (bytes) => copied.push(Buffer.from(bytes).toString()) }, log);
    copy(Buffer.from("a"));
    copy(Buffer.from("b"));
    assert.deepEqual([copied, logged], [["a", "b"], []]);
  });

  for (const [how, fail] of [
    ["throws", () => assert.fail("full")],
    ["rejects", () => Promise.reject(new Error("full"))],
  ] as const) {
    it(`ends with a writer that ${how}, which is told once`, async () => {
      logged.length = 0;
      let calls = 0;
      const copy = consoleCopy(
        {
          write() {
            calls += 1;
            return fail();
          },
        },
        log,
      );
      copy(Buffer.from("a"));
      await new Promise(setImmediate);
      copy(Buffer.from("b"));
      await new Promise(setImmediate);
      assert.equal(calls, 1);
      assert.match(logged.join(""), /^[^\n]*writer has failed[^\n]*full[^\n]*\n$/);
    });
  }
});
