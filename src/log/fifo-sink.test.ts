import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { FifoSink } from "./fifo-sink.ts";

let dir = "";
let fifo = "";
const readers = new Set<number>();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "fifo-test-"));
  fifo = join(dir, "log");
  execFileSync("mkfifo", [fifo]);
});
afterEach(() => {
  for (const fd of readers) closeSync(fd);
  readers.clear();
  rmSync(dir, { recursive: true });
});

function openReader(): number {
  const fd = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  readers.add(fd);
  return fd;
}

function closeReader(fd: number): void {
  closeSync(fd);
  readers.delete(fd);
}

/** All that the pipe holds now. */
function drain(fd: number): string {
  const parts: Buffer[] = [];
  for (;;) {
    const buffer = Buffer.alloc(65536);
    let count = 0;
    try {
      count = readSync(fd, buffer);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "EAGAIN");
    }
    if (count === 0) return Buffer.concat(parts).toString();
    parts.push(buffer.subarray(0, count));
  }
}

/** Retries only when a test asks for it by a further write: no timer of the sink fires within a test. */
const patient = { fullRetryMs: 3_600_000, closedRetryMs: 3_600_000 };
/** The sink retries on the very next turn of the loop. */
const eager = { fullRetryMs: 0, closedRetryMs: 0 };

async function untilRead(fd: number, pattern: RegExp): Promise<string> {
  let text = "";
  while (!pattern.test(text)) {
    text += drain(fd);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return text;
}

describe("FifoSink", () => {
  it("hands lines to the reader at once", () => {
    const reader = openReader();
    const sink = new FifoSink(fifo, patient);
    sink.write("one\n");
    sink.write("two\n");
    assert.equal(drain(reader), "one\ntwo\n");
    sink.close();
  });

  it("keeps lines until a reader comes", async () => {
    const sink = new FifoSink(fifo, eager);
    sink.write("early\n");
    const reader = openReader();
    assert.equal(await untilRead(reader, /early/), "early\n");
    sink.close();
  });

  it("survives a full pipe: drops the oldest lines, counts them, and says so later", () => {
    const reader = openReader();
    const sink = new FifoSink(fifo, { ...patient, maxPendingBytes: 1000 });
    const line = `${"x".repeat(99)}\n`;
    for (let i = 0; i < 1000; i += 1) sink.write(line);
    assert.ok(sink.dropped > 0);
    const dropped = sink.dropped;
    const first = drain(reader);
    sink.close();
    const rest = drain(reader);
    assert.match(rest, new RegExp(`level=warning msg="the log was blocked, lines are missing" lines=${dropped}\n`));
    const whole = (first + rest).split("\n").filter((text) => text === "x".repeat(99));
    assert.equal(whole.length, 1000 - dropped);
  });

  it("does not glue lines together when a long one went in only in part", () => {
    const reader = openReader();
    const sink = new FifoSink(fifo, { ...patient, maxPendingBytes: 1000 });
    // Longer than the pipe (64 KiB): a part of it must wait.
    sink.write(`${"y".repeat(100_000)}\n`);
    sink.write("lost or whole\n");
    let text = drain(reader);
    sink.close();
    text += drain(reader);
    assert.match(text, /^y{100000}\n/);
  });

  it("survives a reader that dies and works again with the next one", async () => {
    const first = openReader();
    const sink = new FifoSink(fifo, eager);
    sink.write("one\n");
    assert.equal(drain(first), "one\n");
    closeReader(first);
    sink.write("two\n");
    const second = openReader();
    assert.equal(await untilRead(second, /two/), "two\n");
    sink.close();
  });

  it("survives a FIFO that is not there and is mute after close", () => {
    const sink = new FifoSink(join(dir, "none"), patient);
    sink.write("nowhere\n");
    sink.close();
    sink.close();
    const reader = openReader();
    const closed = new FifoSink(fifo, patient);
    closed.close();
    closed.write("late\n");
    assert.equal(drain(reader), "");
  });
});
