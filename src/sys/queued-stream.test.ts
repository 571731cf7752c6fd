import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Carrier, QueuedStream } from "./queued-stream.ts";
import { Recorder } from "./stream-recorder.ts";
import { SysError } from "./sys-error.ts";

const EPIPE = new SysError(32, "write");

/** A carrier that takes what the test lets it take. */
class FakeCarrier implements Carrier {
  room = Number.POSITIVE_INFINITY;
  failure: SysError | undefined;
  readonly writes: Uint8Array[] = [];
  readonly log: string[] = [];
  write(bytes: Uint8Array): number {
    if (this.failure !== undefined) throw this.failure;
    const taken = Math.min(this.room, bytes.length);
    this.room -= taken;
    if (taken > 0) this.writes.push(bytes.slice(0, taken));
    return taken;
  }
  shutdown(): void {
    this.log.push("shutdown");
  }
  setReading(on: boolean): void {
    this.log.push(on ? "read" : "hold");
  }
  release(): void {
    this.log.push("release");
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function subject(direction: "read" | "write" | "both" = "both") {
  const stream = new QueuedStream(direction);
  const carrier = new FakeCarrier();
  stream.attach(carrier);
  return { stream, carrier };
}

describe("queued stream", () => {
  it("joins what one turn writes into one call, in order, and writes large chunks as they are", async () => {
    const { stream, carrier } = subject();
    for (const word of ["a", "b", "c"]) stream.write(Buffer.from(word));
    assert.deepEqual(carrier.writes, [], "nothing before the end of the turn");
    await turn();
    assert.deepEqual(carrier.writes, [Uint8Array.from(Buffer.from("abc"))]);
    stream.write(new Uint8Array(10));
    stream.write(new Uint8Array(100_000));
    stream.write(new Uint8Array(10));
    await turn();
    assert.deepEqual(
      carrier.writes.slice(1).map(({ length }) => length),
      [10, 100_000, 10],
    );
  });

  it("copies no chunk that is large already, though two of them would fit into one call", async () => {
    const { stream, carrier } = subject();
    const large = [new Uint8Array(20_000), new Uint8Array(20_000)];
    for (const chunk of [Uint8Array.of(1), Uint8Array.of(2), ...large, Uint8Array.of(3), Uint8Array.of(4)]) {
      stream.write(chunk);
    }
    await turn();
    assert.deepEqual(
      carrier.writes.map(({ length }) => length),
      [2, 20_000, 20_000, 2],
    );
  });

  it("writes nothing while it is held, tells what the peer does not have, and goes on after", async () => {
    const { stream, carrier } = subject("write");
    carrier.room = 4;
    stream.write(Buffer.from("abcdefgh"));
    stream.end();
    await turn();
    assert.equal(Buffer.from(stream.hold()).toString(), "efgh");
    carrier.room = 100;
    stream.onWritable();
    await turn();
    assert.equal(Buffer.from(stream.hold()).toString(), "efgh");
    assert.deepEqual(carrier.log, ["hold"]);
    stream.release();
    assert.equal(Buffer.concat(carrier.writes).toString(), "abcdefgh");
    assert.deepEqual(carrier.log, ["hold", "shutdown"]);
  });

  it("asks to wait above 64 KiB, and says once that there is room again", async () => {
    const { stream, carrier } = subject();
    const recorder = new Recorder(stream);
    carrier.room = 0;
    assert.equal(stream.write(new Uint8Array(60_000)), true);
    assert.equal(stream.write(new Uint8Array(60_000)), false);
    await turn();
    assert.deepEqual(recorder.events, []);
    carrier.room = 30_000;
    stream.onWritable();
    assert.deepEqual(recorder.events, [], "90 000 are still queued");
    carrier.room = 50_000;
    stream.onWritable();
    assert.deepEqual(recorder.events, ["drain"]);
    carrier.room = Number.POSITIVE_INFINITY;
    stream.onWritable();
    assert.deepEqual(recorder.events, ["drain"]);
    assert.equal(
      carrier.writes.reduce((sum, { length }) => sum + length, 0),
      120_000,
    );
  });

  it("reads to its end what a peer sent that takes no more, then says why it takes none", async () => {
    const { stream, carrier } = subject();
    const recorder = new Recorder(stream);
    carrier.failure = EPIPE;
    stream.write(Buffer.from("anybody?"));
    await turn();
    assert.equal(stream.write(Buffer.from("nobody")), false);
    stream.onData(Buffer.from("my last"));
    stream.onData(Buffer.from(" words"));
    stream.onEnd();
    await recorder.seen("close");
    assert.deepEqual(recorder.events, ["data", "end", "close"]);
    assert.equal(recorder.text(), "my last words");
    assert.match(String(recorder.error), /EPIPE/);
    assert.equal(carrier.log.at(-1), "release");
  });

  it("reads only for so long what a peer sent that takes no more, and at most what was there where it is paused", async () => {
    const stream = new QueuedStream("both", 5);
    const carrier = new FakeCarrier();
    stream.attach(carrier);
    const recorder = new Recorder(stream);
    carrier.failure = EPIPE;
    stream.onData(Buffer.from("read"));
    stream.pause();
    stream.onData(Buffer.from(" held"));
    stream.write(Buffer.from("anybody?"));
    while (!carrier.log.includes("release")) await turn();
    stream.resume();
    await recorder.seen("close");
    assert.equal(recorder.text(), "read held");
    assert.deepEqual(recorder.events, ["data", "close"]);
    assert.match(String(recorder.error), /EPIPE/);
  });

  it("has no time for a write that failed for another reason", async () => {
    const { stream, carrier } = subject();
    const recorder = new Recorder(stream);
    carrier.failure = new SysError(5, "write");
    stream.write(Buffer.from("anybody?"));
    await recorder.seen("close");
    assert.match(String(recorder.error), /EIO/);
  });

  it("tells of a peer that takes no more and is gone without an end, and at once of one that is only written to", async () => {
    for (const direction of ["both", "write"] as const) {
      const { stream, carrier } = subject(direction);
      const recorder = new Recorder(stream);
      carrier.failure = EPIPE;
      stream.write(Buffer.from("anybody?"));
      await turn();
      if (direction === "both") stream.onGone();
      await recorder.seen("close");
      assert.deepEqual(recorder.events, ["close"]);
      assert.match(String(recorder.error), /EPIPE/);
    }
  });

  it("shuts down after the last byte, and drops what is written after end", async () => {
    const { stream, carrier } = subject();
    const recorder = new Recorder(stream);
    carrier.room = 2;
    stream.write(Buffer.from("abcd"));
    stream.end();
    stream.end();
    assert.equal(stream.write(Buffer.from("late")), false);
    await turn();
    assert.equal(carrier.log.includes("shutdown"), false);
    carrier.room = 100;
    stream.onWritable();
    assert.equal(Buffer.concat(carrier.writes).toString(), "abcd");
    assert.deepEqual(
      carrier.log.filter((event) => event === "shutdown"),
      ["shutdown"],
    );
    stream.onShut();
    stream.onEnd();
    await recorder.seen("close");
    assert.deepEqual(recorder.events, ["end", "close"]);
    assert.equal(carrier.log.at(-1), "release");
  });

  it("holds data, end and an orderly close while paused, also when the handler pauses in between", async () => {
    const { stream } = subject("read");
    const events: string[] = [];
    stream.open({
      data(chunk) {
        events.push(Buffer.from(chunk).toString());
        stream.pause();
      },
      end: () => events.push("end"),
      drain() {},
      close: (error) => events.push(`close ${error}`),
    });
    for (const word of ["one", "two"]) stream.onData(Buffer.from(word));
    stream.onEnd();
    stream.onGone();
    await turn();
    assert.deepEqual(events, ["one"]);
    stream.resume();
    await turn();
    assert.deepEqual(events, ["one", "two"]);
    stream.resume();
    await turn();
    assert.deepEqual(events, ["one", "two", "end", "close undefined"]);
  });

  it("delivers what came before a failure, then the failure", async () => {
    const { stream } = subject();
    stream.onData(Buffer.from("last words"));
    const failure = new Error("reset");
    stream.onGone(failure);
    const recorder = new Recorder(stream);
    await recorder.seen("close");
    assert.deepEqual(recorder.events, ["data", "close"]);
    assert.equal(recorder.error, failure);
  });

  it("delivers nothing but close after destroy, even from within data", async () => {
    const { stream, carrier } = subject();
    stream.onData(Buffer.from("one"));
    stream.onData(Buffer.from("two"));
    stream.onEnd();
    const events: string[] = [];
    stream.open({
      data(chunk) {
        events.push(Buffer.from(chunk).toString());
        stream.destroy();
      },
      end: () => events.push("end"),
      drain: () => events.push("drain"),
      close: () => events.push("close"),
    });
    stream.write(new Uint8Array(100_000));
    await turn();
    stream.onData(Buffer.from("three"));
    stream.destroy();
    await turn();
    assert.deepEqual(
      events.filter((event) => event !== "drain"),
      ["one", "close"],
    );
    assert.deepEqual(
      carrier.log.filter((event) => event === "release"),
      ["release"],
    );
  });

  it("sends what was written before there was a carrier", async () => {
    const stream = new QueuedStream();
    stream.write(Buffer.from("early"));
    stream.end();
    await turn();
    const carrier = new FakeCarrier();
    stream.attach(carrier);
    await turn();
    assert.equal(Buffer.concat(carrier.writes).toString(), "early");
    assert.ok(carrier.log.includes("shutdown"));
  });

  it("opens once", () => {
    const { stream } = subject();
    new Recorder(stream);
    assert.throws(() => new Recorder(stream), /called once/);
  });
});
