import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { StreamInit, Streaming } from "../../generated/containerd/services/streaming/v1.ts";
import { Data, WindowUpdate } from "../../generated/containerd/types/transfer.ts";
import type { Any } from "../../generated/google/protobuf.ts";
import type { MessageType } from "../../generated/wire.ts";
import { createLogger } from "../../log/logger.ts";
import { StreamController } from "../../orchestration/stream/controller.ts";
import type { StreamLimits } from "../../orchestration/stream/ports.ts";
import { openStdio } from "../../stdio/open.ts";
import { leakedFds, openFds } from "../../sys/fd-leaks.ts";
import { close, read, setNonBlocking, write } from "../../sys/libc.ts";
import { Client } from "../../ttrpc/client.ts";
import { Server } from "../../ttrpc/server.ts";
import type { DuplexStream } from "../../ttrpc/stream.ts";
import { clientOf, isKind, Probe, streamPair, text } from "../../ttrpc/testing.ts";
import { decodeMessage, registerStreamingService } from "./streaming-service.ts";

const SOCKET = "/run/s";
const WINDOW = 65_536;
const context = { containerId: "c1", namespace: "ns" };
const uri = (id: string): string => `ttrpc+unix://${SOCKET}?streaming_id=${id}`;
const none = { terminal: false, stdin: "", stdout: "", stderr: "" };
const log = createLogger({ level: "error", sink: { write() {} }, fields: {} });
const any = <T extends object>(type: MessageType<T>, message: T): Any => ({
  typeUrl: type.typeName,
  value: type.encode(message),
});
const data = (bytes: Uint8Array): Any => any(Data, { data: bytes });
const grant = (bytes: number): Any => any(WindowUpdate, { update: bytes });

/** Bytes of which each run of four tells where it stands. */
function numbered(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
}

class Subject {
  readonly server = new Server();
  readonly streams: StreamController;
  readonly client: Client;

  constructor(limits: Partial<StreamLimits> = {}, initMs = 1000) {
    this.streams = new StreamController(SOCKET, limits);
    registerStreamingService(this.server, { streams: this.streams, log, initMs });
    this.server.register(Probe, { unary: (request) => request });
    this.client = this.connect();
  }

  connect(): Client {
    return clientOf(this.server);
  }

  /** As CRI does: with a connection of its own, whose end says that all is read. */
  async dial(id: string) {
    const client = this.connect();
    const stream = await this.open(id, client);
    return { stream, hangUp: () => client.close() };
  }

  async open(id: string, client = this.client): Promise<DuplexStream<Any, Any>> {
    const stream = client.service(Streaming).stream();
    await stream.send(any(StreamInit, { id }));
    assert.deepEqual(await stream.receive(), { typeUrl: "", value: new Uint8Array() });
    return stream;
  }

  stdio(paths: Partial<typeof none>) {
    return openStdio({ ...none, ...paths }, context, { streams: this.streams });
  }

  /** Until there is no such stream any more. */
  async forgotten(id: string): Promise<void> {
    while (this.streams.has(id)) await sleep(1);
  }

  /** All that is open on it is closed, and nothing is left. */
  async end(): Promise<void> {
    this.streams.close();
    this.server.close();
    assert.equal(this.streams.size, 0);
  }
}

/** The data of a stream up to `bytes`, or to its end. */
async function take(stream: DuplexStream<Any, Any>, bytes = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (let length = 0; length < bytes; ) {
    const message = await stream.receive();
    if (message === undefined) break;
    const part = Data.decode(message.value).data;
    assert.ok(part.length <= 32_768, `${part.length} bytes in one message`);
    parts.push(part);
    length += part.length;
  }
  return Buffer.concat(parts);
}

/** Writes to a blocking pipe what it has room for, without waiting. */
async function fill(fd: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += 4096) {
    write(fd, bytes.subarray(at, at + 4096));
    await sleep(0);
  }
}

/** All of stdin's pipe, to its end. It is made for a process, which may block. */
async function drain(fd: number): Promise<Buffer> {
  setNonBlocking(fd, true);
  const parts: Buffer[] = [];
  const buffer = new Uint8Array(4096);
  for (let count = read(fd, buffer); count !== 0; count = read(fd, buffer)) {
    if (count === undefined) await sleep(1);
    else parts.push(Buffer.from(buffer.slice(0, count)));
  }
  return Buffer.concat(parts);
}

describe("the streaming service", () => {
  let fds = openFds();
  before(async () => {
    const subject = new Subject();
    const endpoints = await subject.stdio({ stdout: uri("warm") });
    endpoints.stdout?.stream().destroy();
    await endpoints.close();
    await subject.end();
    await sleep(10);
    fds = openFds();
  });
  after(async () => assert.deepEqual(await leakedFds(fds), []));

  it("sends a process's output within the window, then its end, and learns that it was read", async () => {
    const subject = new Subject();
    const { stream, hangUp } = await subject.dial("c1-stdout");
    const endpoints = await subject.stdio({ stdout: uri("c1-stdout") });
    const fd = endpoints.stdout?.passFd() ?? assert.fail();
    const bytes = numbered(100_000);
    await fill(fd, bytes.subarray(0, 60_000));
    await stream.send(grant(WINDOW));
    const first = await take(stream, 60_000);
    await fill(fd, bytes.subarray(60_000));
    close(fd);
    const second = await take(stream, WINDOW - 60_000);
    assert.equal(first.length + second.length, WINDOW);
    await stream.send(grant(WINDOW));
    const rest = await take(stream);
    assert.ok(Buffer.concat([first, second, rest]).equals(bytes));
    let drained = false;
    const draining = endpoints.drained({ timeoutMs: 60_000 }).then(() => {
      drained = true;
    });
    await sleep(20);
    assert.equal(drained, false, "the client is still there");
    hangUp();
    await draining;
    await endpoints.close();
    await subject.forgotten("c1-stdout");
    await subject.end();
  });

  it("goes on with a new client where the last one was served, and makes the process wait meanwhile", async () => {
    const subject = new Subject();
    const { stream, hangUp } = await subject.dial("c1-stdout");
    const endpoints = await subject.stdio({ stdout: uri("c1-stdout") });
    const fd = endpoints.stdout?.passFd() ?? assert.fail();
    const bytes = numbered(150_000);
    await stream.send(grant(40_000));
    await fill(fd, bytes.subarray(0, 100_000));
    const before = await take(stream, 40_000);
    assert.equal(before.length, 40_000);
    hangUp();
    while (subject.server.connectionCount > 1) await sleep(1);
    const { stream: again, hangUp: hangUpAgain } = await subject.dial("c1-stdout");
    await again.send(grant(WINDOW));
    const middle = await take(again, 60_000);
    await fill(fd, bytes.subarray(100_000));
    close(fd);
    await again.send(grant(WINDOW));
    const after = await take(again);
    assert.ok(Buffer.concat([before, middle, after]).equals(bytes));
    hangUpAgain();
    await endpoints.drained({ timeoutMs: 60_000 });
    await endpoints.close();
    await subject.end();
  });

  it("sends again what a killed client may not have read, and no more", async () => {
    const subject = new Subject();
    const [ours, theirs] = streamPair();
    subject.server.accept(ours);
    const stream = await subject.open("c1-stdout", new Client(theirs));
    const endpoints = await subject.stdio({ stdout: uri("c1-stdout") });
    const fd = endpoints.stdout?.passFd() ?? assert.fail();
    const bytes = numbered(240_000);
    for (const grants of [1, 2, 3]) {
      await stream.send(grant(WINDOW));
      await fill(fd, bytes.subarray((grants - 1) * 60_000, grants * 60_000));
      await take(stream, 60_000);
    }
    ours.destroy(new Error("ECONNRESET"));
    while (subject.server.connectionCount > 1) await sleep(1);
    await fill(fd, bytes.subarray(180_000, 200_000));
    const { stream: again, hangUp } = await subject.dial("c1-stdout");
    for (let grants = 0; grants < 4; grants += 1) await again.send(grant(WINDOW));
    // Three windows granted and 180,000 bytes sent: the first window at the least was read.
    const wanted = bytes.subarray(WINDOW);
    const part = await take(again, 200_000 - WINDOW);
    await fill(fd, bytes.subarray(200_000));
    close(fd);
    assert.ok(Buffer.concat([part, await take(again)]).equals(wanted));
    hangUp();
    await endpoints.drained({ timeoutMs: 60_000 });
    await endpoints.close();
    await subject.end();
  });

  it("keeps the output of a process that is gone for a client that comes late", async () => {
    const subject = new Subject();
    const endpoints = await subject.stdio({ stdout: uri("x") });
    const fd = endpoints.stdout?.passFd() ?? assert.fail();
    write(fd, Buffer.from("last words"));
    close(fd);
    await endpoints.drained({ timeoutMs: 60_000 });
    await endpoints.close();
    const { stream, hangUp } = await subject.dial("x");
    await stream.send(grant(WINDOW));
    assert.equal((await take(stream)).toString(), "last words");
    hangUp();
    await subject.forgotten("x");
    await subject.end();
  });

  it("gives stdin all that was sent, and its end after CloseIO, whichever comes first", async () => {
    const subject = new Subject();
    const stream = await subject.open("c1-stdin");
    const endpoints = await subject.stdio({ stdin: uri("c1-stdin") });
    const fd = endpoints.stdin?.passFd() ?? assert.fail();
    const window = await stream.receive();
    assert.equal(WindowUpdate.decode(window?.value ?? assert.fail()).update, WINDOW);
    await stream.send(data(Buffer.from("one ")));
    endpoints.stdin?.closeInput();
    await stream.send(data(Buffer.from("two")));
    stream.closeSend();
    assert.equal((await drain(fd)).toString(), "one two");
    close(fd);
    await endpoints.close();
    await subject.end();
  });

  it("gives stdin all that a client sent who hung up at once, and never read a grant", async () => {
    const subject = new Subject();
    const { stream, hangUp } = await subject.dial("c1-stdin");
    const endpoints = await subject.stdio({ stdin: uri("c1-stdin") });
    const fd = endpoints.stdin?.passFd() ?? assert.fail();
    const sent = numbered(WINDOW);
    await Promise.all([0, 1, 2, 3].map((part) => stream.send(data(sent.subarray(part << 14, (part + 1) << 14)))));
    stream.closeSend();
    hangUp();
    endpoints.stdin?.closeInput();
    await subject.forgotten("c1-stdin");
    assert.ok((await drain(fd)).equals(sent));
    close(fd);
    await endpoints.close();
    await subject.end();
  });

  it("grants no more than the pipe and its queue take while nobody reads", async () => {
    const subject = new Subject();
    const stream = await subject.open("c1-stdin");
    const endpoints = await subject.stdio({ stdin: uri("c1-stdin") });
    let granted = 0;
    let sent = 0;
    const listening = (async () => {
      for (let update = await stream.receive(); update !== undefined; update = await stream.receive()) {
        granted += WindowUpdate.decode(update.value).update;
      }
    })().catch(() => {});
    for (let quiet = 0; quiet < 100; quiet += 1) {
      await sleep(1);
      if (sent < granted) quiet = 0;
      for (; sent < granted; sent += 16_384) await stream.send(data(new Uint8Array(Math.min(16_384, granted - sent))));
    }
    // The pipe has 64 KiB, and what the runtime's stream of it queues.
    assert.ok(granted >= WINDOW && granted <= 5 * WINDOW, `granted ${granted}`);
    await endpoints.close();
    await subject.end();
    await listening;
  });

  it("lets each other call of the connection go on while a stream stands", async () => {
    const subject = new Subject();
    const stream = await subject.open("c1-stdout");
    const endpoints = await subject.stdio({ stdout: uri("c1-stdout") });
    const fd = endpoints.stdout?.passFd() ?? assert.fail();
    await fill(fd, numbered(60_000));
    await stream.send(grant(1));
    assert.equal((await subject.client.service(Probe).unary(text("hello"))).message, "hello");
    const other = await subject.open("other");
    other.closeSend();
    close(fd);
    await endpoints.close();
    await subject.end();
  });

  it("refuses a second client of an id, and a second process", async () => {
    const subject = new Subject();
    await subject.open("x");
    const second = subject.connect().service(Streaming).stream();
    await second.send(any(StreamInit, { id: "x" }));
    await assert.rejects(second.receive(), isKind("already-exists", /stream x has a client already/));
    const endpoints = await subject.stdio({ stdout: uri("x") });
    await assert.rejects(subject.stdio({ stdout: uri("x") }), isKind("already-exists", /stream x is served already/));
    await endpoints.close();
    await subject.end();
  });

  it("refuses streams of other sockets, and other schemes without an id", async () => {
    const subject = new Subject();
    const elsewhere = "ttrpc+unix:///run/other?streaming_id=x";
    await assert.rejects(subject.stdio({ stdout: elsewhere }), isKind("invalid-argument", /\/run\/other.*\/run\/s/));
    await assert.rejects(
      subject.stdio({ stdout: `ttrpc+unix://${SOCKET}` }),
      isKind("invalid-argument", /streaming_id/),
    );
    await subject.end();
  });

  it("holds so many streams that nobody serves, and no more", async () => {
    const subject = new Subject({ waiting: 2 });
    await subject.open("one");
    const { hangUp } = await subject.dial("two");
    const third = subject.client.service(Streaming).stream();
    await third.send(any(StreamInit, { id: "three" }));
    await assert.rejects(third.receive(), isKind("resource-exhausted", /2 streams wait/));
    const endpoints = await subject.stdio({ stdout: uri("three") });
    await subject.open("three");
    hangUp();
    await subject.forgotten("two");
    await subject.open("four");
    await endpoints.close();
    await subject.end();
  });

  it("ends a stream that nobody serves in time", async () => {
    const subject = new Subject({ unclaimed: 30 });
    const stream = await subject.open("one");
    // The stream's own timer holds up no end of a process.
    const awake = setInterval(() => {}, 1000);
    await assert.rejects(stream.receive(), isKind("deadline-exceeded", /stream one was served by nobody/));
    clearInterval(awake);
    assert.equal(subject.streams.size, 0);
    await subject.end();
  });

  it("forgets an unserved stream with its connection", async () => {
    const subject = new Subject();
    const { hangUp } = await subject.dial("x");
    assert.equal(subject.streams.size, 1);
    hangUp();
    await subject.forgotten("x");
    await subject.end();
  });

  const hostile: Record<string, { send: Any[]; says: RegExp }> = {
    "bytes that nobody granted": { send: [data(new Uint8Array(1))], says: /1 bytes came where 0 were granted/ },
    "a grant of nothing": { send: [grant(0)], says: /grant of 0 bytes/ },
    "a grant that takes back": { send: [grant(-5)], says: /grant of -5 bytes/ },
    "grants beyond all numbers": {
      send: [grant(2 ** 31 - 1), grant(1)],
      says: /grant of 1 bytes on top of 2147483647/,
    },
    "something else": { send: [any(StreamInit, { id: "y" })], says: /carries data and window updates/ },
    "no message at all": {
      send: [{ typeUrl: Data.typeName, value: new Uint8Array([255, 255]) }],
      says: /cannot be read/,
    },
  };
  for (const [what, { send, says }] of Object.entries(hostile)) {
    it(`ends the stream of a client that sends ${what}, and no other`, async () => {
      const subject = new Subject();
      const good = await subject.open("good");
      const stream = await subject.open("x");
      for (const message of send) await stream.send(message);
      await assert.rejects(stream.receive(), isKind("invalid-argument", says));
      assert.equal(subject.streams.size, 1);
      good.closeSend();
      await subject.end();
    });
  }

  it("ends a call that does not say which stream it is, or names none", async () => {
    const subject = new Subject({}, 30);
    const silent = subject.client.service(Streaming).stream();
    await assert.rejects(silent.receive(), isKind("deadline-exceeded"));
    const wrong = subject.client.service(Streaming).stream();
    await wrong.send(grant(1));
    await assert.rejects(wrong.receive(), isKind("invalid-argument", /StreamInit/));
    const empty = subject.client.service(Streaming).stream();
    await empty.send(any(StreamInit, { id: "" }));
    await assert.rejects(empty.receive(), isKind("invalid-argument"));
    assert.equal(subject.streams.size, 0);
    await subject.end();
  });

  it("takes any bytes for a message without harm", () => {
    let seed = 42;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    const valid = [data(numbered(40)), grant(65_536)];
    for (let round = 0; round < 20_000; round += 1) {
      const { typeUrl, value } = valid[round % 2] ?? assert.fail();
      const bytes = Uint8Array.from(value);
      for (let change = random(4); change >= 0; change -= 1) bytes[random(bytes.length)] = random(256);
      try {
        const message = decodeMessage({ typeUrl, value: bytes.subarray(0, random(bytes.length + 1)) });
        assert.ok(message.kind === "data" ? message.bytes.length <= bytes.length : Number.isInteger(message.bytes));
      } catch (error) {
        isKind("invalid-argument")(error);
      }
    }
  });
});
