import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import { until } from "../../test/harness/until.ts";
import { PipeSink } from "./pipe-sink.ts";

describe("the daemon's log pipe", { timeout: 240_000 }, () => {
  const readers: Socket[] = [];
  let names = 0;
  const path = () => `\\\\.\\pipe\\log-test-${process.pid}-${names++}`;

  const dial = async (pipe: string) => {
    const socket = createConnection({ path: pipe });
    readers.push(socket);
    const reader = { socket, text: "" };
    socket.on("data", (chunk: Buffer) => {
      reader.text += chunk.toString();
    });
    socket.on("error", () => {});
    await once(socket, "connect");
    return reader;
  };
  afterEach(() => {
    for (const socket of readers.splice(0)) socket.destroy();
  });

  it("keeps lines until a reader dials, and goes on with the next one when that is gone", async () => {
    const pipe = path();
    const sink = new PipeSink(pipe);
    await sink.listening;
    sink.write("early\n");
    const first = await dial(pipe);
    await until("the early line", () => first.text === "early\n");
    first.socket.destroy();
    await once(first.socket, "close");
    const second = await dial(pipe);
    sink.write("late\n");
    await until("the late line", () => second.text.includes("late\n"));
    await sink.close();
  });

  it("drops the oldest lines while nobody reads, counts them, and tells the next reader", async () => {
    const pipe = path();
    const sink = new PipeSink(pipe, { maxPendingBytes: 1000 });
    await sink.listening;
    for (let i = 0; i < 100; i++) sink.write(`${String(i).padStart(99, "x")}\n`);
    const reader = await dial(pipe);
    await until("the last line", () => reader.text.endsWith("x99\n"));
    assert.match(reader.text, /^time=".*" level=warning msg="the log was blocked, lines are missing" lines=90\n/);
    assert.equal(reader.text.match(/^x+\d+$/gm)?.length, 10);
    await sink.close();
  });

  it("waits for no reader: neither for one that has stopped reading, nor at its own end", async () => {
    const pipe = path();
    const sink = new PipeSink(pipe, { maxPendingBytes: 10_000 });
    await sink.listening;
    const stopped = await dial(pipe);
    stopped.socket.pause();
    // Far more than the pipe and both ends' queues hold: what can't go is dropped.
    for (let i = 0; i < 20_000; i++) {
      sink.write(`${"y".repeat(999)}\n`);
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await sink.close();
    sink.write("after the end\n");
    await assert.rejects(dial(pipe), { code: "ENOENT" });
  });
});
