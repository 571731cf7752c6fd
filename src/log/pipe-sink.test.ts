import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runtime } from "#runtime";
import { Recorder } from "../sys/stream-recorder.ts";
import { PipeSink } from "./pipe-sink.ts";

/** On Linux over a unix socket in the pipe's place: all that differs is the name. */
describe("the log pipe", () => {
  let directory = "";
  let path = "";
  let sink: PipeSink;
  const open = async (maxPendingBytes?: number): Promise<void> => {
    sink = new PipeSink(path, { ...(maxPendingBytes !== undefined && { maxPendingBytes }) });
    await sink.listening;
  };
  const dial = async (): Promise<Recorder> => new Recorder(await runtime.connect(path));
  const hears = (reader: Recorder, text: string) => reader.until(() => reader.text().includes(text));

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "pipe-sink-"));
    path = join(directory, "log");
  });
  afterEach(async () => {
    await sink.close();
    rmSync(directory, { recursive: true });
  });

  it("keeps what was written before anybody dialled, and goes on", async () => {
    await open();
    sink.write("early\n");
    const reader = await dial();
    await hears(reader, "early\n");
    sink.write("later\n");
    await hears(reader, "later\n");
    assert.equal(reader.text(), "early\nlater\n");
    reader.stream.destroy();
  });

  it("writes to the next reader once one is gone, and to the last where two are there", async () => {
    await open();
    const first = await dial();
    sink.write("one\n");
    await hears(first, "one\n");
    const second = await dial();
    await first.seen("end");
    sink.write("two\n");
    await hears(second, "two\n");
    second.stream.destroy();
    const third = await dial();
    await second.seen("close");
    sink.write("three\n");
    await hears(third, "three\n");
    assert.equal(first.text(), "one\n");
    third.stream.destroy();
  });

  it("drops the oldest lines beyond its bound, and tells how many", async () => {
    await open(30);
    for (let line = 0; line < 10; line++) sink.write(`line ${line} of 10\n`);
    const reader = await dial();
    await hears(reader, "line 9 of 10\n");
    assert.match(
      reader.text(),
      /^time="[^"]+" level=warning msg="the log was blocked, lines are missing" lines=8\nline 8 /,
    );
    reader.stream.destroy();
  });

  it("never blocks on a reader that does not read, and tells it what it missed when it does", async () => {
    await open(100_000);
    const stream = await runtime.connect(path);
    const line = `${"x".repeat(999)}\n`;
    for (let count = 0; count < 5000; count++) sink.write(line);
    const reader = new Recorder(stream);
    await hears(reader, "lines are missing");
    assert.ok(reader.bytes < 5_000_000);
    reader.stream.destroy();
  });

  it("gives its reader what waits before it closes, and its name back", async () => {
    await open();
    const reader = await dial();
    sink.write("last\n");
    const closed = sink.close();
    await reader.seen("end");
    reader.stream.destroy();
    await closed;
    assert.equal(reader.text(), "last\n");
    assert.equal(existsSync(path), false);
    sink.write("too late\n");
  });
});
