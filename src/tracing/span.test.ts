import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { consoleLine, recordConsoleLine } from "./console-spans.ts";
import { beginSpan, isRecording, recordSpans, type Span, spanOf } from "./span.ts";
import { readSpans, recordIntoFile } from "./span-file.ts";
import { decodeSpan, encodeSpan } from "./span-text.ts";

afterEach(() => recordSpans(undefined));

describe("spans", () => {
  it("are nothing while nobody records them", async () => {
    assert.equal(isRecording(), false);
    assert.equal(beginSpan("vm", "a"), beginSpan("runc", "b"), "one function for all: nothing is made");
    assert.equal(await spanOf("vm", "c", async () => 7), 7);
  });

  it("are told as they end, with what is known then, and with the error of what failed", async () => {
    const told: Span[] = [];
    let time = 100;
    recordSpans(
      (span) => told.push(span),
      () => (time += 10),
    );
    const end = beginSpan("runc", "create", { container: "web" });
    await spanOf("vm", "start", async () => undefined);
    end({ code: 0 });
    await assert.rejects(
      spanOf("vm", "dial", () => Promise.reject(new Error("no guest"))),
      /no guest/,
    );
    assert.deepEqual(told, [
      { track: "vm", name: "start", start: 120, duration: 10 },
      { track: "runc", name: "create", start: 110, duration: 30, fields: { container: "web", code: 0 } },
      { track: "vm", name: "dial", start: 150, duration: 10, fields: { error: "no guest" } },
    ]);
  });

  it("are text and back, and text that is none is passed over", () => {
    const span: Span = { track: "runc", name: 'a"\n', start: 1.5, duration: 0, fields: { code: 0, ok: true, s: "x" } };
    assert.deepEqual(decodeSpan(encodeSpan(span)), span);
    for (const line of [
      ...["", "{", "[]", "7", "null", '{"track":"runc","name":"a","start":1}', "x".repeat(10_000)],
      ...['{"track":"none","name":"a","start":1,"duration":1}', '{"track":"vm","name":1,"start":1,"duration":1}'],
      ...['{"track":"vm","name":"a","start":-1,"duration":1}', '{"track":"vm","name":"a","start":1e999,"duration":1}'],
    ]) {
      assert.equal(decodeSpan(line), undefined, line.slice(0, 80));
    }
  });

  it("of a pod are in the files of its processes alone, ordered by their begin", () => {
    const directory = mkdtempSync(join(tmpdir(), "spans-"));
    try {
      recordIntoFile(join(directory, "made"), { namespace: "ns", pod: "web" });
      beginSpan("daemon", "one")();
      const early = encodeSpan({ track: "start", name: "early", start: 1, duration: 1 });
      writeFileSync(join(directory, "made", "ns.web.1.spans"), `${early}\n{"track":"da`);
      writeFileSync(join(directory, "made", "ns.web2.1.spans"), `${early}\n`);
      const names = readSpans(join(directory, "made"), { namespace: "ns", pod: "web" }).map(({ name }) => name);
      assert.deepEqual(names, ["early", "one"]);
      recordSpans(undefined);
      recordIntoFile("/proc/nowhere", { namespace: "ns", pod: "web" });
      assert.equal(isRecording(), false);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("of a guest come over its console, and are never taken for the host's", () => {
    const told: Span[] = [];
    recordSpans((span) => told.push(span));
    const span: Span = { track: "runc", name: "create", start: 5, duration: 2 };
    recordConsoleLine(`[    1.2] ${consoleLine(span).trimEnd()}`);
    recordConsoleLine(consoleLine({ ...span, track: "daemon" }).trimEnd());
    recordConsoleLine("uvm: modules");
    assert.deepEqual(told, [{ ...span, fields: { clock: "guest" } }]);
  });
});
