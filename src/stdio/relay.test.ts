import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { runtime } from "#runtime";
import type { ByteStream } from "../sys/byte-stream.ts";
import { leakedFds, openFds } from "../sys/fd-leaks.ts";
import { close, pipe, read } from "../sys/libc.ts";
import { socketPair } from "../sys/libc-socket.ts";
import { pattern, Recorder } from "../sys/stream-recorder.ts";
import { relay } from "./relay.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

function pair(): [ByteStream, ByteStream] {
  const [left, right] = socketPair();
  return [runtime.adopt(left, "socket"), runtime.adopt(right, "socket")];
}

describe("relay", () => {
  let fdsBefore = openFds();
  before(async () => {
    // What the runtime opens once and keeps is open after the first streams.
    const [reader, writer] = pipe();
    const recorder = new Recorder(runtime.adopt(reader, "pipe", "read"));
    await turn();
    close(writer);
    await recorder.seen("close");
    const recorders = pair().map((stream) => new Recorder(stream));
    for (const { stream } of recorders) stream.destroy();
    await Promise.all(recorders.map((each) => each.seen("close")));
    fdsBefore = openFds();
  });
  after(async () => {
    assert.deepEqual(await leakedFds(fdsBefore), []);
  });

  it("hands 20 MiB over to a slow reader, then EOF, and half-closes the source last", async () => {
    const [guest, source] = pair();
    const [readEnd, writeEnd] = pipe();
    const writer = new Recorder(guest);
    const copy = relay(source, runtime.adopt(writeEnd, "pipe", "write"));
    const size = 20 << 20;
    const whole = pattern(size);
    const reader = runtime.adopt(readEnd, "pipe", "read");
    let got = 0;
    let wrong = -1;
    const ended = new Promise<void>((resolve) => {
      reader.open({
        data(chunk) {
          if (wrong < 0 && Buffer.compare(chunk, whole.subarray(got, got + chunk.length)) !== 0) wrong = got;
          got += chunk.length;
          reader.pause();
          setImmediate(() => reader.resume());
        },
        end: resolve,
        drain() {},
        close() {},
      });
    });
    let ahead = 0;
    for (let at = 0; at < size; at += 60_000) {
      const room = guest.write(whole.slice(at, at + 60_000));
      ahead = Math.max(ahead, at - got);
      if (room) continue;
      const events = writer.events.length;
      await writer.until(() => writer.events.length > events);
    }
    assert.equal(writer.events.includes("end"), false);
    guest.end();
    await Promise.all([ended, copy.done, writer.seen("close")]);
    assert.deepEqual([got, wrong], [size, -1]);
    assert.ok(ahead < 3 << 20, `the writer was let ${ahead} bytes ahead`);
    assert.equal(writer.error, undefined);
  });

  it("is not done before the sink has taken everything", async () => {
    const [guest, source] = pair();
    const [readEnd, writeEnd] = pipe({ nonBlocking: true });
    const writer = new Recorder(guest);
    let done = false;
    const copy = relay(source, runtime.adopt(writeEnd, "pipe", "write"));
    void copy.done.then(() => {
      done = true;
    });
    guest.write(new Uint8Array(100_000));
    guest.end();
    for (let i = 0; i < 20; i++) await turn();
    assert.deepEqual([done, writer.events], [false, []]);
    const buffer = new Uint8Array(65536);
    for (let got = 0; got < 100_000; await turn()) got += read(readEnd, buffer) ?? 0;
    await copy.done;
    await writer.seen("close");
    close(readEnd);
  });

  it("goes on taking from the source when the sink is gone", async () => {
    const [guest, source] = pair();
    const [readEnd, writeEnd] = pipe();
    const writer = new Recorder(guest);
    const copy = relay(source, runtime.adopt(writeEnd, "pipe", "write"));
    close(readEnd);
    for (let i = 0; i < 40; i++) {
      if (guest.write(new Uint8Array(100_000))) continue;
      const events = writer.events.length;
      await writer.until(() => writer.events.length > events);
    }
    guest.end();
    await copy.done;
    await writer.seen("close");
    assert.equal(writer.error, undefined);
  });

  it("is done when the source breaks", async () => {
    const [guest, source] = pair();
    const [readEnd, writeEnd] = pipe();
    const copy = relay(source, runtime.adopt(writeEnd, "pipe", "write"));
    source.destroy(new Error("the guest is gone"));
    await copy.done;
    assert.equal(read(readEnd, new Uint8Array(1)), 0);
    close(readEnd);
    guest.destroy();
  });

  it("stops at once when told to", async () => {
    const [guest, source] = pair();
    const [host, sink] = pair();
    const copy = relay(source, sink);
    const [writer, reader] = [new Recorder(guest), new Recorder(host)];
    copy.stop();
    copy.stop();
    await Promise.all([copy.done, writer.seen("end"), reader.seen("end")]);
    guest.destroy();
    host.destroy();
  });
});
