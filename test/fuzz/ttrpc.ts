/**
 * Feeds malformed ttrpc to a live server and a live client: ttrpc.ts [SECONDS=10] [SEED]
 *
 * Each round sends raw or structure-aware mutated frames over one connection, in random chunks, and drops it in some
 * way; then a good call on a new connection must be answered, every call of the attacked client must settle with a
 * ShimError, every handler must learn that its connection is gone, and memory must stay bounded. Prints seed and
 * counts; a failure exits 1 and names the seed and the round that show it.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runtime } from "#runtime";
import { ShimError } from "../../src/errors/shim-error.ts";
import { Status } from "../../src/generated/google/rpc.ts";
import { Request, Response } from "../../src/generated/ttrpc.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";
import { Client } from "../../src/ttrpc/client.ts";
import { encodeFrame, maxPayloadLength } from "../../src/ttrpc/frame.ts";
import { Server } from "../../src/ttrpc/server.ts";
import { connect, serve } from "../../src/ttrpc/socket.ts";
import { Probe, streamPair, text } from "../../src/ttrpc/testing.ts";
import { Random } from "./random.ts";

/** No step may take longer; far above what a loaded machine needs. */
const hangTime = 20_000;
const memoryLimit = 1 << 30;

const seconds = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 31);
const random = new Random(seed);
const counts = { rounds: 0, frames: 0, bytes: 0, settled: 0 };
let running = 0;

process.on("uncaughtException", (error) => fail("uncaught exception", error));
process.on("unhandledRejection", (error) => fail("unhandled rejection", error));

function fail(what: string, error: unknown): never {
  process.stderr.write(`FAIL in round ${counts.rounds} of seed ${seed}: ${what}: ${String(error)}\n`);
  if (error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}

async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), hangTime);
  });
  try {
    return await Promise.race([promise, hang]);
  } finally {
    clearTimeout(timer);
  }
}

const tracked = async <T>(run: () => Promise<T>): Promise<T> => {
  running += 1;
  try {
    return await run();
  } finally {
    running -= 1;
  }
};

const server = new Server({
  maxConcurrentCalls: 200,
  maxQueuedBytes: 8 << 20,
  onConnectionError(error) {
    // Our own mistakes are caught at the connection; here they are findings.
    if (error.kind === "internal") fail("internal error", error.cause ?? error);
  },
});
server.register(Probe, {
  unary: (request) => request,
  hold: (_request, { signal }) =>
    tracked(() => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))),
  collect: (requests) =>
    tracked(async () => {
      let count = 0;
      for await (const _ of requests) count += 1;
      return text("", count);
    }),
  spread: (request, responses) =>
    tracked(async () => {
      for (let count = 0; count < (request.code & 255); count += 1) await responses.send(request);
    }),
  talk: (stream) =>
    tracked(async () => {
      for await (const message of stream) await stream.send(message);
    }),
});

function message(): Uint8Array {
  return Status.encode(text("m".repeat(random.below(300)), random.below(2 ** 31)));
}

function requestPayload(): Uint8Array {
  return Request.encode(
    Request.create({
      service: random.chance(0.9) ? Probe.name : "x".repeat(random.below(100)),
      method: random.pick([...Object.keys(Probe.methods), "Nope", ""]),
      payload: random.chance(0.8) ? message() : random.bytes(random.below(51)),
      timeoutNano: random.chance(0.1) ? BigInt(random.below(2 ** 31)) * 2n ** BigInt(random.below(33)) : 0n,
      metadata: random.chance(0.1) ? [{ key: random.pick(["", "K", "k"]), value: "v" }] : [],
    }),
  );
}

function responsePayload(): Uint8Array {
  const status = random.chance(0.3) ? text("no", random.below(20)) : undefined;
  return Response.encode(
    Response.create({ status, payload: random.chance(0.8) ? message() : random.bytes(random.below(51)) }),
  );
}

/** One frame, mostly well-formed in a random part, then perhaps mutated as bytes. */
function frame(nextId: () => number, side: "client" | "server"): Uint8Array {
  counts.frames += 1;
  const kind = random.below(100);
  const id = random.chance(0.85) ? nextId() : random.pick([0, 1, 2, random.below(50), 2 ** 31, 0xffffffff]);
  const type = random.chance(0.9)
    ? side === "client"
      ? random.pick([1, 1, 3])
      : random.pick([2, 3, 3])
    : random.below(256);
  const flags = random.chance(0.9) ? random.pick([0, 0, 1, 2, 5]) : random.below(256);
  if (kind < 3) return oversize(id, type);
  if (kind < 8) return random.bytes(random.below(41));
  const payload =
    type === 1 ? requestPayload() : type === 2 ? responsePayload() : random.chance(0.2) ? new Uint8Array(0) : message();
  const bytes = encodeFrame(id, type, flags, random.chance(0.15) ? random.mutate(payload) : payload);
  return random.chance(0.05) ? random.mutate(bytes) : bytes;
}

/** A length above the cap; sometimes the whole body follows, so that frames after it count again. */
function oversize(id: number, type: number): Uint8Array {
  const length = random.chance(0.3)
    ? maxPayloadLength + 1 + random.below(10)
    : random.pick([2 ** 31, 0xffffffff, 2 ** 23]);
  const follows = length < 2 ** 23 ? length : random.below(1000);
  const bytes = new Uint8Array(10 + follows);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length);
  view.setUint32(4, id);
  bytes[8] = type;
  return bytes;
}

/** Writes the bytes in random chunks, letting the other side run in between; drops the connection in a random way. */
async function attack(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  counts.bytes += bytes.length;
  for (let at = 0; at < bytes.length; ) {
    const size = random.chance(0.5) ? bytes.length : 1 + random.below(random.chance(0.3) ? 3 : 5000);
    stream.write(bytes.slice(at, at + size));
    at += size;
    if (random.chance(0.2)) await new Promise((resolve) => setImmediate(resolve));
  }
  if (random.chance(0.3)) await new Promise((resolve) => setImmediate(resolve));
}

function drop(stream: ByteStream): void {
  if (random.chance(0.5)) stream.end();
  else stream.destroy();
}

function openDeaf(stream: ByteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.open({ data() {}, end: () => stream.end(), drain() {}, close: () => resolve() });
    // A peer that does not read what it is sent.
    if (random.chance(0.1)) {
      stream.pause();
      setImmediate(() => setImmediate(() => stream.resume()));
    }
  });
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function frames(side: "client" | "server", ids: () => number): Uint8Array {
  if (random.chance(0.05)) return random.bytes(random.below(2001));
  return concat(Array.from({ length: 1 + random.below(30) }, () => frame(ids, side)));
}

async function attackServer(path: string): Promise<void> {
  let last = 1;
  const ids = (): number => {
    if (random.chance(0.6)) last += 2;
    return random.chance(0.9) ? last : 1 + 2 * random.below(last);
  };
  let stream: ByteStream;
  if (random.chance(0.2)) {
    stream = await runtime.connect(path);
  } else {
    const [ours, theirs] = streamPair();
    server.accept(theirs);
    stream = ours;
  }
  const closed = openDeaf(stream);
  await attack(stream, frames("client", ids));
  drop(stream);
  await within("the attacked connection", closed);
}

async function attackClient(): Promise<void> {
  const [ours, theirs] = streamPair();
  const client = new Client(ours);
  const probe = client.service(Probe);
  const closed = openDeaf(theirs);
  const read = async (stream: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of stream) counts.settled += 1;
  };
  const calls = Array.from({ length: 1 + random.below(8) }, (): Promise<unknown> => {
    const options = random.chance(0.2) ? { timeout: random.below(20) } : {};
    switch (random.below(4)) {
      case 0:
        return probe.unary(text("u"), options);
      case 1:
        return read(probe.spread(text("s"), options));
      case 2: {
        const collect = probe.collect(options);
        return collect.send(text("c")).then(() => collect.closeAndReceive());
      }
      default: {
        const talk = probe.talk(options);
        return talk.send(text("t")).then(() => read(talk));
      }
    }
  });
  const outcomes = Promise.allSettled(calls);
  await attack(
    theirs,
    frames("server", () => 1 + 2 * random.below(10)),
  );
  drop(theirs);
  for (const outcome of await within("a call of the attacked client", outcomes)) {
    counts.settled += 1;
    if (outcome.status === "rejected") assert.ok(outcome.reason instanceof ShimError, String(outcome.reason));
  }
  await within("the attacked client", client.closed());
  await within("the client's peer", closed);
}

async function assertServes(path: string): Promise<void> {
  const client = random.chance(0.1) ? await connect(path) : newPairClient();
  const answer = await client.service(Probe).unary(text("good", counts.rounds), { timeout: hangTime });
  assert.equal(answer.code, counts.rounds);
  client.close();
  await within("a good client", client.closed());
}

function newPairClient(): Client {
  const [ours, theirs] = streamPair();
  server.accept(theirs);
  return new Client(ours);
}

/** All handlers of dropped connections have ended. */
async function assertQuiet(): Promise<void> {
  const due = performance.now() + hangTime;
  while (running > 0 || server.connectionCount > 0) {
    assert.ok(performance.now() < due, `${running} handlers and ${server.connectionCount} connections are left`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const { rss } = process.memoryUsage();
  assert.ok(rss < memoryLimit, `${rss} bytes of memory are in use`);
}

const folder = mkdtempSync(join(tmpdir(), "uvm-fuzz-"));
try {
  const path = join(folder, "fuzz.sock");
  await serve(server, { path });
  const end = performance.now() + seconds * 1000;
  process.stdout.write(`fuzzing ttrpc in ${runtime.name} for ${seconds} s, seed ${seed}\n`);
  while (performance.now() < end) {
    counts.rounds += 1;
    if (random.chance(0.6)) await attackServer(path);
    else await attackClient();
    await assertServes(path);
    if (counts.rounds % 50 === 0) await assertQuiet();
  }
  await assertQuiet();
  await within("the shutdown", server.shutdown());
  const { rounds, frames: sent, bytes, settled } = counts;
  process.stdout.write(`ok: seed ${seed}, ${rounds} rounds, ${sent} frames, ${bytes} bytes, ${settled} answers\n`);
} catch (error) {
  fail("assertion", error);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
