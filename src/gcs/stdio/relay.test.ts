import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { memoryStreamPair } from "../../transport/memory-stream.ts";
import { duplexHalves } from "./duplex-halves.ts";
import { InputRelay, OutputRelay } from "./relay.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What the far end of a stream sees. */
function watch(stream: ByteStream) {
  const seen = { text: "", ended: false, closed: false };
  let wake = (): void => {};
  stream.open({
    data(chunk) {
      seen.text += new TextDecoder().decode(chunk);
      wake();
    },
    end() {
      seen.ended = true;
      wake();
    },
    drain() {},
    close() {
      seen.closed = true;
      wake();
    },
  });
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { seen, until };
}

/** Runs the event loop far enough that everything in memory has arrived. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function isSettled(promise: Promise<void>): Promise<boolean> {
  await settle();
  return Promise.race([promise.then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);
}

describe("OutputRelay", () => {
  it("settles only when the process's side has ended and the host has half-closed", async () => {
    const [process, source] = memoryStreamPair();
    const [sink, host] = memoryStreamPair();
    const relay = new OutputRelay(source, sink);
    const { seen, until } = watch(host);
    process.write(bytes("out"));
    process.end();
    await until(() => seen.ended);
    assert.equal(seen.text, "out");
    assert.equal(await isSettled(relay.settled), false);
    host.end();
    await relay.settled;
    assert.equal(seen.closed, true);
  });

  it("does not take a host's early half-close for the end of its reading", async () => {
    const [process, source] = memoryStreamPair();
    const [sink, host] = memoryStreamPair();
    const relay = new OutputRelay(source, sink);
    host.end();
    process.write(bytes("late"));
    assert.equal(await isSettled(relay.settled), false);
    process.end();
    const { seen, until } = watch(host);
    await until(() => seen.ended);
    await relay.settled;
    assert.equal(seen.text, "late");
  });

  it("stops the process while the host does not read, and loses nothing", async () => {
    const [process, source] = memoryStreamPair();
    const [sink, host] = memoryStreamPair();
    const relay = new OutputRelay(source, sink);
    let written = 0;
    process.open({ data() {}, end() {}, drain() {}, close() {} });
    for (let i = 0; i < 64; i += 1) {
      process.write(new Uint8Array(16 * 1024).fill(65));
      written += 16 * 1024;
      await settle();
    }
    assert.equal(process.write(bytes("A")), false);
    process.end();
    const { seen, until } = watch(host);
    await until(() => seen.ended);
    host.end();
    await relay.settled;
    assert.equal(seen.text.length, written + 1);
  });

  it("reads on when the host is gone, so that the process is not held up", async () => {
    const [process, source] = memoryStreamPair();
    const [sink, host] = memoryStreamPair();
    const relay = new OutputRelay(source, sink);
    host.destroy();
    for (let i = 0; i < 32; i += 1) {
      process.write(new Uint8Array(16 * 1024));
      await settle();
    }
    process.end();
    await relay.settled;
  });

  it("drops the output where the host wants none", async () => {
    const [process, source] = memoryStreamPair();
    const relay = new OutputRelay(source, undefined);
    process.write(bytes("x"));
    process.end();
    await relay.settled;
  });
});

describe("InputRelay", () => {
  it("brings the input and its end", async () => {
    const [host, source] = memoryStreamPair();
    const [sink, process] = memoryStreamPair();
    new InputRelay(source, sink);
    const { seen, until } = watch(process);
    host.write(bytes("in"));
    host.end();
    await until(() => seen.ended);
    assert.equal(seen.text, "in");
  });

  it("ends the host's stream when the process no longer reads", async () => {
    const [host, source] = memoryStreamPair();
    const [sink, process] = memoryStreamPair();
    new InputRelay(source, sink);
    const { seen, until } = watch(host);
    process.destroy();
    host.write(bytes("nobody"));
    await until(() => seen.ended);
  });
});

describe("a terminal's halves", () => {
  it("relay both ways over one stream, and the end of the input is not the end of the terminal", async () => {
    const [terminal, shell] = memoryStreamPair();
    const [stdin, hostIn] = memoryStreamPair();
    const [stdout, hostOut] = memoryStreamPair();
    const { reader, writer } = duplexHalves(terminal);
    new InputRelay(stdin, writer);
    const output = new OutputRelay(reader, stdout);
    const inside = watch(shell);
    const outside = watch(hostOut);
    hostIn.write(bytes("ls\n"));
    hostIn.end();
    await inside.until(() => inside.seen.text === "ls\n");
    await settle();
    assert.equal(inside.seen.ended, false);
    shell.write(bytes("file\n"));
    shell.end();
    await outside.until(() => outside.seen.ended);
    hostOut.end();
    await output.settled;
    assert.equal(outside.seen.text, "file\n");
  });
});
