import assert from "node:assert/strict";
import { ShimError } from "../../../src/errors/shim-error.ts";
import { Status } from "../../../src/generated/google/rpc.ts";
import { Request, Response } from "../../../src/generated/ttrpc.ts";
import type { ByteStream } from "../../../src/sys/byte-stream.ts";
import { Client } from "../../../src/ttrpc/client.ts";
import { encodeFrame, maxPayloadLength } from "../../../src/ttrpc/frame.ts";
import { Server } from "../../../src/ttrpc/server.ts";
import { Probe, streamPair, text } from "../../../src/ttrpc/testing.ts";
import { cut, damageBytes, either, joined } from "../damage.ts";
import { Random } from "../random.ts";

import { outcomeOf, type Target } from "../target.ts";

/** Handlers of dropped connections that have not learned of it by then hang. */
const QUIET_MS = 20_000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A client's bytes into a live server: the next call is answered, every handler learns that its connection is gone. */
export function ttrpcServer(): Target {
  let running = 0;
  let reason: ShimError | undefined;
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
      if (error.kind === "internal") throw error.cause ?? error;
      reason = error;
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
  return {
    name: "ttrpc-server",
    weight: 1,
    damage: either(damageBytes, reorder),
    generate: (dice) => frames(dice, "client"),
    async run(input) {
      reason = undefined;
      const [ours, theirs] = streamPair();
      server.accept(theirs);
      const dice = Random.from(input);
      const closed = openDeaf(ours, dice);
      await attack(ours, dice, input);
      await closed;
      const client = clientOf(server);
      const answer = await client.service(Probe).unary(text("good", input.length));
      assert.equal(answer.code, input.length);
      client.close();
      await client.closed();
      return outcomeOf(reason);
    },
    async rest() {
      const due = performance.now() + QUIET_MS;
      while (running > 0 || server.connectionCount > 0) {
        assert.ok(performance.now() < due, `${running} handlers, ${server.connectionCount} connections are left`);
        await turn();
      }
    },
    close: () => server.shutdown(),
  };
}

function clientOf(server: Server): Client {
  const [ours, theirs] = streamPair();
  server.accept(theirs);
  return new Client(ours);
}

/** A server's bytes to a client with calls of each sort under way: each settles. */
export function ttrpcClient(): Target {
  return {
    name: "ttrpc-client",
    weight: 1,
    damage: either(damageBytes, reorder),
    generate: (dice) => frames(dice, "server"),
    async run(input) {
      const dice = Random.from(input);
      const [ours, theirs] = streamPair();
      const client = new Client(ours);
      const closed = openDeaf(theirs, dice);
      const calls = Array.from({ length: 1 + dice.below(8) }, () => call(client, dice));
      const outcomes = Promise.allSettled(calls);
      await attack(theirs, dice, input);
      let last: unknown;
      for (const outcome of await outcomes) {
        if (outcome.status === "fulfilled") continue;
        assert.ok(outcome.reason instanceof ShimError, String(outcome.reason));
        last = outcome.reason;
      }
      await client.closed();
      await closed;
      return outcomeOf(last);
    },
  };
}

async function call(client: Client, dice: Random): Promise<unknown> {
  const probe = client.service(Probe);
  const options = dice.chance(1 / 5) ? { timeout: dice.below(20) } : {};
  const drain = async (stream: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of stream);
  };
  switch (dice.below(4)) {
    case 0:
      return probe.unary(text("u"), options);
    case 1:
      return drain(probe.spread(text("s"), options));
    case 2: {
      const collect = probe.collect(options);
      await collect.send(text("c"));
      return collect.closeAndReceive();
    }
    default: {
      const talk = probe.talk(options);
      await talk.send(text("t"));
      return drain(talk);
    }
  }
}

/** Parts of the input change places: frames come in another order, or in the middle of others. */
function reorder(dice: Random, input: Uint8Array): Uint8Array {
  const [a = 0, b = 0] = [dice.below(input.length + 1), dice.below(input.length + 1)].sort((x, y) => x - y);
  return joined(input.subarray(0, a), input.subarray(b), input.subarray(a, b));
}

function frames(dice: Random, side: "client" | "server"): Uint8Array {
  let last = 1;
  const id = (): number => {
    if (dice.chance(0.15)) return dice.pick([0, 1, 2, dice.below(50), 2 ** 31, 0xffffffff]);
    if (side === "server") return 1 + 2 * dice.below(10);
    if (dice.chance(0.6)) last += 2;
    return dice.chance(0.9) ? last : 1 + 2 * dice.below(last);
  };
  return joined(...Array.from({ length: 1 + dice.below(12) }, () => frame(dice, id(), side)));
}

function frame(dice: Random, id: number, side: "client" | "server"): Uint8Array {
  const usual = side === "client" ? dice.pick([1, 1, 3]) : dice.pick([2, 3, 3]);
  const type = dice.chance(0.9) ? usual : dice.below(256);
  const flags = dice.chance(0.9) ? dice.pick([0, 0, 1, 2, 5]) : dice.below(256);
  if (dice.chance(0.03)) return oversize(dice, id, type);
  return encodeFrame(id, type, flags, payload(dice, type));
}

function payload(dice: Random, type: number): Uint8Array {
  const message = Status.encode(text("m".repeat(dice.below(300)), dice.below(2 ** 31)));
  if (type === 1) {
    return Request.encode(
      Request.create({
        service: dice.chance(0.9) ? Probe.name : "x".repeat(dice.below(100)),
        method: dice.pick([...Object.keys(Probe.methods), "Nope", ""]),
        payload: dice.chance(0.8) ? message : dice.bytes(dice.below(51)),
        timeoutNano: dice.chance(0.1) ? BigInt(dice.below(2 ** 31)) * 2n ** BigInt(dice.below(33)) : 0n,
        metadata: dice.chance(0.1) ? [{ key: dice.pick(["", "K", "k"]), value: "v" }] : [],
      }),
    );
  }
  if (type !== 2) return dice.chance(0.2) ? new Uint8Array() : message;
  const status = dice.chance(0.3) ? text("no", dice.below(20)) : undefined;
  return Response.encode(Response.create({ status, payload: dice.chance(0.8) ? message : dice.bytes(dice.below(51)) }));
}

/** A length above the cap, and little or nothing of it. */
function oversize(dice: Random, id: number, type: number): Uint8Array {
  const bytes = new Uint8Array(10 + dice.below(1000));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, dice.pick([maxPayloadLength + 1 + dice.below(10), 2 ** 31, 0xffffffff, 2 ** 23]));
  view.setUint32(4, id);
  bytes[8] = type;
  return bytes;
}

/** Writes the input in chunks, letting the other side run in between; drops the connection in some way. */
async function attack(stream: ByteStream, dice: Random, input: Uint8Array): Promise<void> {
  for (const chunk of cut(dice, input)) {
    stream.write(chunk);
    if (dice.chance(0.05)) await turn();
  }
  if (dice.chance(0.5)) await turn();
  if (dice.chance(0.5)) stream.end();
  else stream.destroy();
}

/** A peer that takes what it is sent, now and then late. */
function openDeaf(stream: ByteStream, dice: Random): Promise<void> {
  return new Promise((resolve) => {
    stream.open({ data() {}, end: () => stream.end(), drain() {}, close: () => resolve() });
    if (!dice.chance(0.1)) return;
    stream.pause();
    setImmediate(() => setImmediate(() => stream.resume()));
  });
}
