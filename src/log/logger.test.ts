import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLogger, formatLine } from "./logger.ts";

const time = new Date("2026-01-02T03:04:05.678Z");

describe("formatLine", () => {
  it("writes logrus text", () => {
    assert.equal(
      formatLine(time, "warn", 'said "no"', { id: "a-b/c.d", pid: 12, why: "two words", absent: undefined, empty: "" }),
      'time="2026-01-02T03:04:05.678Z" level=warning msg="said \\"no\\"" id=a-b/c.d pid=12 why="two words" empty=""\n',
    );
  });

  it("keeps an entry on one line, whatever it holds", () => {
    const ring: Record<string, unknown> = {};
    ring.self = ring;
    const line = formatLine(time, "info", "a\nb", { object: { n: 1n }, ring, text: "x\ny" });
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.match(line, /object="\{\\"n\\":\\"1\\"\}" ring="\(not printable\)" text="x\\ny"/);
  });

  it("writes an error with its causes, each said once", () => {
    const error = new Error("start failed: no such file", {
      cause: new Error("no such file", { cause: new Error("42") }),
    });
    assert.match(formatLine(time, "error", "x", { error }), / error="start failed: no such file: 42"\n$/);
  });
});

describe("createLogger", () => {
  it("drops what is below its level and adds inherited fields", () => {
    const lines: string[] = [];
    const log = createLogger({ level: "info", sink: { write: (line) => lines.push(line) }, now: () => time });
    log.with({ a: 1 }).info("kept", { b: 2 });
    log.debug("dropped");
    log.trace("dropped");
    log.error("last");
    assert.deepEqual(lines, [
      'time="2026-01-02T03:04:05.678Z" level=info msg="kept" a=1 b=2\n',
      'time="2026-01-02T03:04:05.678Z" level=error msg="last"\n',
    ]);
  });
});
