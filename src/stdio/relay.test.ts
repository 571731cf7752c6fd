import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { runtime } from "#runtime";
import type { ByteStream } from "../sys/byte-stream.ts";
import { leakedFds, openFds } from "../sys/fd-leaks.ts";
import { close, pipe, read } from "../sys/libc.ts";
import { socketPair } from "../sys/libc-socket.ts";
import { QueuedStream } from "../sys/queued-stream.ts";
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

  it("stands still while held; what it tells then and what its successor reads are all there is, once", async () => {
    const [guest, source] = pair();
    const writer = new Recorder(guest);
    const whole = pattern(600_000);
    const written: Uint8Array[] = [];
    // A FIFO that takes so much and then blocks.
    const fifo = (room: number): QueuedStream => {
      const stream = new QueuedStream("write");
      stream.attach({
        write(bytes) {
          const taken = bytes.slice(0, room);
          room -= taken.length;
          written.push(taken);
          return taken.length;
        },
        shutdown: () => stream.onShut(),
        setReading() {},
        release() {},
      });
      return stream;
    };
    const first = relay(source, fifo(100_000));
    for (let at = 0; at < whole.length; at += 50_000) guest.write(whole.slice(at, at + 50_000));
    guest.end();
    let leftover = first.hold();
    while (leftover.length === 0) {
      first.release();
      await turn();
      leftover = first.hold();
    }
    await turn();
    assert.deepEqual(first.hold(), leftover);
    first.stop();
    await writer.seen("close");

    const [nearEnd, farEnd] = pair();
    const rest = new Recorder(nearEnd);
    const next = relay(farEnd, fifo(1 << 20), leftover);
    nearEnd.write(Buffer.from("more"));
    nearEnd.end();
    await next.done;
    await rest.seen("close");
    const all = Buffer.concat(written);
    const taken = all.length - "more".length;
    assert.equal(taken, 100_000 + leftover.length);
    assert.deepEqual(all.subarray(0, taken), Buffer.from(whole.subarray(0, taken)));
    assert.equal(all.subarray(taken).toString(), "more");
  });

  it("goes on after a release, and writes a leftover without a source", async () => {
    const [guest, source] = pair();
    const [readEnd, writeEnd] = pipe();
    const copy = relay(source, runtime.adopt(writeEnd, "pipe", "write"), Buffer.from("first "));
    const writer = new Recorder(guest);
    copy.hold();
    guest.write(Buffer.from("second"));
    guest.end();
    await turn();
    copy.release();
    const reader = new Recorder(runtime.adopt(readEnd, "pipe", "read"));
    await Promise.all([reader.seen("close"), writer.seen("close"), copy.done]);
    assert.equal(reader.text(), "first second");

    const [lastEnd, sinkEnd] = pipe();
    const last = relay(undefined, runtime.adopt(sinkEnd, "pipe", "write"), Buffer.from("left"));
    const lastReader = new Recorder(runtime.adopt(lastEnd, "pipe", "read"));
    await Promise.all([lastReader.seen("close"), last.done]);
    assert.equal(lastReader.text(), "left");
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
