import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StreamRecorder, turns } from "../transport/byte-stream-suite.ts";
import { memoryStreamPair } from "../transport/memory-stream.ts";
import { OutputStream } from "./output-stream.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("output stream", () => {
  it("delivers what comes and half-closes at EOF", async () => {
    const [host, guest] = memoryStreamPair();
    const guestEnd = new StreamRecorder(guest);
    const out = new StreamRecorder(new OutputStream(host));
    guest.write(text("a"));
    await out.seen("data");
    guest.write(text("b"));
    guest.end();
    await out.seen("close");
    assert.equal(out.bytes().toString(), "ab");
    assert.deepEqual(out.events, ["data", "data", "end", "close"]);
    assert.equal(out.closeError, undefined);
    await guestEnd.seen("close");
    assert.equal(guestEnd.closeError, undefined);
  });

  it("half-closes also where nobody has opened it, and keeps what came", async () => {
    const [host, guest] = memoryStreamPair();
    const stream = new OutputStream(host);
    const guestEnd = new StreamRecorder(guest);
    guest.write(text("last words"));
    guest.end();
    await guestEnd.seen("close");
    const out = new StreamRecorder(stream);
    await out.seen("close");
    assert.equal(out.bytes().toString(), "last words");
    assert.deepEqual(out.events, ["data", "end", "close"]);
    assert.throws(() => new StreamRecorder(stream), /opens once/);
  });

  it("holds no more than its limit for a reader that does not come, and loses nothing", async () => {
    const [host, guest] = memoryStreamPair();
    const stream = new OutputStream(host);
    const guestEnd = new StreamRecorder(guest);
    let written = 0;
    while (written < 16 * 1024 * 1024) {
      written += 16 * 1024;
      if (!guest.write(new Uint8Array(16 * 1024))) {
        await turns();
        if (guestEnd.count("drain") === 0) break;
        guestEnd.events.length = 0;
      }
    }
    assert.ok(written < 1024 * 1024, `${written} bytes were taken without a reader`);
    const out = new StreamRecorder(stream);
    await out.until(() => out.bytes().length === written);
    guest.end();
    await out.seen("close");
    assert.equal(out.bytes().length, written);
  });

  it("keeps order and pauses while it replays", async () => {
    const [host, guest] = memoryStreamPair();
    const stream = new OutputStream(host);
    guest.write(text("1"));
    guest.write(text("2"));
    await turns();
    const out = new StreamRecorder(stream);
    out.onData = () => stream.pause();
    guest.write(text("3"));
    guest.end();
    await turns();
    assert.equal(out.bytes().toString(), "1");
    stream.resume();
    await turns();
    assert.equal(out.bytes().toString(), "12");
    out.onData = undefined;
    stream.resume();
    await out.seen("end");
    assert.equal(out.bytes().toString(), "123");
    stream.destroy();
  });

  it("passes a destroy on in both directions", async () => {
    const [host, guest] = memoryStreamPair();
    const guestEnd = new StreamRecorder(guest);
    const stream = new OutputStream(host);
    const out = new StreamRecorder(stream);
    const reason = new Error("why");
    stream.destroy(reason);
    await out.seen("close");
    assert.equal(out.closeError, reason);
    await guestEnd.seen("close");

    const [host2, guest2] = memoryStreamPair();
    const unopened = new OutputStream(host2);
    guest2.destroy();
    await turns();
    const late = new StreamRecorder(unopened);
    await late.seen("close");
    assert.ok(late.closeError !== undefined);
  });
});
