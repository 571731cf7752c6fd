import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { Status } from "../generated/google/rpc.ts";
import { Request } from "../generated/ttrpc.ts";
import { encodeFrame, FrameFlags, FrameType, maxPayloadLength } from "./frame.ts";
import { Metadata } from "./metadata.ts";
import { clientWithPeer, deferred, isKind, Probe, serverWithClient, text } from "./testing.ts";

describe("client", () => {
  it("TestClientEOF: the server is gone: calls under way and later ones fail with ttrpc: closed", async () => {
    const { client, probe, peer } = clientWithPeer();
    const [unary, stream] = [probe.unary(text("")), probe.talk()];
    assert.equal((await peer.frame())?.streamId, 1);
    peer.stream.end();
    await assert.rejects(unary, isKind("unavailable", "ttrpc: closed"));
    await assert.rejects(stream.receive(), isKind("unavailable", "ttrpc: closed"));
    await assert.rejects(stream.send(text("")), isKind("unavailable", "ttrpc: closed"));
    await assert.rejects(probe.unary(text("")), isKind("unavailable", "ttrpc: closed"));
    await assert.rejects(probe.spread(text("")).receive(), isKind("unavailable", "ttrpc: closed"));
    await assert.rejects(probe.collect().closeAndReceive(), isKind("unavailable", "ttrpc: closed"));
    assert.equal(client.isOpen, false);
  });

  it("a reset connection fails calls the same way, with the reset as cause", async () => {
    const { probe, peer } = clientWithPeer();
    const call = probe.unary(text(""));
    peer.stream.destroy();
    await assert.rejects(call, (error) => {
      assert.ok(isKind("unavailable", "ttrpc: closed")(error));
      assert.match(String((error as Error).cause), /reset/);
      return true;
    });
  });

  it("TestUserOnCloseWait: onClose runs once, and closed() waits for it or for its signal", async () => {
    let runs = 0;
    const { client, peer } = clientWithPeer({ onClose: () => (runs += 1) });
    const stop = new AbortController();
    const waiting = client.closed({ signal: stop.signal });
    stop.abort(new Error("tired"));
    await assert.rejects(waiting, /tired/);
    assert.equal(runs, 0);
    client.close();
    client.close();
    await client.closed();
    await client.closed({ signal: AbortSignal.timeout(60_000) });
    assert.equal(runs, 1);
    peer.stream.end();
    await peer.closed;
    assert.equal(runs, 1);
  });

  it("stream ids are odd and rise by two in the order on the wire; a call that cannot be sent takes none", async () => {
    const { client, probe, peer } = clientWithPeer();
    const calls = [probe.unary(text("a")), probe.unary(text("x".repeat(maxPayloadLength))), probe.unary(text("b"))];
    probe.talk();
    const gone = AbortSignal.abort();
    calls.push(probe.unary(text("never"), { signal: gone }));
    const settled = Promise.allSettled(calls);
    const frames = [await peer.frame(), await peer.frame(), await peer.frame()];
    assert.deepEqual(
      frames.map((frame) => [frame?.streamId, frame?.type, frame?.flags]),
      [
        [1, 1, 0],
        [3, 1, 0],
        [5, 1, FrameFlags.remoteOpen],
      ],
    );
    client.close();
    const [first, oversize, third, aborted] = (await settled).map((result) =>
      result.status === "rejected" ? result.reason.kind : result.status,
    );
    assert.deepEqual(
      [first, oversize, third, aborted],
      ["unavailable", "resource-exhausted", "unavailable", "canceled"],
    );
  });

  it("sends service, method, payload, timeout and metadata", async () => {
    const { client, probe, peer } = clientWithPeer();
    const call = probe.unary(text("hi"), { timeout: 1500, metadata: new Metadata({ K: ["1", "2"] }) });
    const frame = await peer.frame();
    assert.ok(frame);
    assert.deepEqual(Request.decode(frame.payload), {
      service: Probe.name,
      method: "Unary",
      payload: Status.encode(text("hi")),
      timeoutNano: 1_500_000_000n,
      metadata: [
        { key: "k", value: "1" },
        { key: "k", value: "2" },
      ],
    });
    client.close();
    await assert.rejects(call, isKind("unavailable"));
  });

  it("no timeout, no timeout on the wire; the longest does not overflow; one that ran out is not none", async () => {
    const { client, probe, peer } = clientWithPeer();
    const calls = [{}, { timeout: Number.MAX_VALUE }, { timeout: 0 }].map((options) => probe.unary(text(""), options));
    const settled = Promise.allSettled(calls);
    const seen: bigint[] = [];
    for (let count = 0; count < 3; count += 1)
      seen.push(Request.decode((await peer.frame())?.payload ?? new Uint8Array()).timeoutNano);
    assert.deepEqual(seen, [0n, 2n ** 63n - 1n, 1n]);
    client.close();
    await settled;
  });

  it("the deadline is kept here even when the server is silent; its late answer is ignored", async () => {
    const { client, probe, peer } = clientWithPeer();
    await assert.rejects(probe.unary(text(""), { timeout: 5 }), isKind("deadline-exceeded"));
    await assert.rejects(probe.talk({ timeout: 5 }).receive(), isKind("deadline-exceeded"));
    peer.respond(1, { payload: Status.encode(text("late")) });
    peer.data(3, Status.encode(text("late")));
    const next = probe.unary(text("next"));
    peer.respond(5, { payload: Status.encode(text("in time")) });
    assert.equal((await next).message, "in time");
    client.close();
  });

  it("aborting gives the call up and sends nothing; the reason decides the kind", async () => {
    const { client, probe, peer } = clientWithPeer();
    const stop = new AbortController();
    const unary = probe.unary(text(""), { signal: stop.signal });
    const stream = probe.talk({ signal: stop.signal });
    const late = probe.unary(text(""), { signal: AbortSignal.timeout(1) });
    stop.abort();
    await assert.rejects(unary, isKind("canceled"));
    await assert.rejects(stream.receive(), isKind("canceled"));
    await assert.rejects(stream.send(text("")), isKind("canceled"));
    await assert.rejects(late, isKind("deadline-exceeded"));
    const after = probe.unary(text("after"));
    const types: unknown[] = [];
    for (let count = 0; count < 4; count += 1) types.push((await peer.frame())?.type);
    assert.deepEqual(types, [1, 1, 1, 1]);
    peer.respond(7, { payload: noBytes });
    await after;
    client.close();
  });

  it("RESPONSE for an unknown id, unknown types and even ids are ignored", async () => {
    const { client, probe, peer } = clientWithPeer();
    const call = probe.unary(text(""));
    peer.respond(99, { payload: noBytes });
    peer.respond(0, { status: text("connection trouble", 3) });
    peer.data(98, noBytes);
    peer.write(encodeFrame(1, 7, 0, Uint8Array.of(1)));
    peer.respond(1, { payload: Status.encode(text("mine")) });
    assert.equal((await call).message, "mine");
    client.close();
  });

  it("a malformed response fails its call alone", async () => {
    const { client, probe, peer } = clientWithPeer();
    const [envelope, message, fine] = [probe.unary(text("")), probe.unary(text("")), probe.unary(text(""))];
    peer.write(encodeFrame(1, FrameType.response, 0, Uint8Array.of(0xff)));
    peer.respond(3, { payload: Uint8Array.of(0x12, 0x7f) });
    peer.respond(5, { payload: noBytes });
    await assert.rejects(envelope, isKind("internal", /malformed/));
    await assert.rejects(message, isKind("internal", /malformed/));
    assert.deepEqual(await fine, text(""));
    client.close();
  });

  it("an oversize response fails its call alone", async () => {
    const { client, probe, peer } = clientWithPeer();
    const [big, small] = [probe.unary(text("")), probe.unary(text(""))];
    const header = encodeFrame(1, FrameType.response, 0, noBytes);
    new DataView(header.buffer).setUint32(0, maxPayloadLength + 1);
    peer.write(header);
    peer.write(new Uint8Array(maxPayloadLength + 1));
    peer.respond(3, { payload: noBytes });
    await assert.rejects(big, isKind("resource-exhausted"));
    await small;
    client.close();
  });

  it("responses out of order find their calls", async () => {
    const { client, probe, peer } = clientWithPeer();
    const calls = [probe.unary(text("")), probe.unary(text("")), probe.unary(text(""))];
    for (const id of [5, 1, 3]) peer.respond(id, { payload: Status.encode(text("", id)) });
    assert.deepEqual(
      (await Promise.all(calls)).map(({ code }) => code),
      [1, 3, 5],
    );
    client.close();
  });

  it("a server that does not read: calls are refused at the limit, answers still arrive", async () => {
    const { client, probe, peer } = clientWithPeer({ maxQueuedBytes: 1 << 20 });
    peer.stream.pause();
    const large = text("l".repeat(300_000));
    const settled = Promise.allSettled(Array.from({ length: 10 }, () => probe.unary(large)));
    await assert.rejects(probe.unary(large), isKind("resource-exhausted", /does not read/));
    peer.respond(1, { payload: Status.encode(text("read by us")) });
    client.close();
    const results = await settled;
    assert.equal(results.filter(({ status }) => status === "rejected").length > 0, true);
  });

  it("a blocked write does not stop the read loop", async () => {
    const { client, probe, peer } = clientWithPeer();
    peer.stream.pause();
    const first = probe.unary(text("l".repeat(1 << 20)));
    const second = probe.unary(text("behind it"));
    peer.respond(1, { payload: Status.encode(text("answered while blocked")) });
    assert.equal((await first).message, "answered while blocked");
    peer.stream.resume();
    assert.equal((await peer.frame())?.streamId, 1);
    assert.equal((await peer.frame())?.streamId, 3);
    peer.respond(3, { payload: noBytes });
    await second;
    client.close();
  });

  it("a call that is over leaves no listener on its signal", async () => {
    const { server, probe } = serverWithClient({ unary: (request) => request, talk: () => {} });
    const { signal } = new AbortController();
    await probe.unary(text(""), { signal });
    assert.equal(await probe.talk({ signal }).receive(), undefined);
    assert.equal(getEventListeners(signal, "abort").length, 0);
    server.close();
  });

  const countsTimers = typeof process.getActiveResourcesInfo === "function" && !("bun" in process.versions);
  it("a call that is over leaves no timer, on either side", {
    skip: countsTimers ? false : "Bun does not count timers",
  }, async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const { server, probe } = serverWithClient({ unary: async (request) => request });
    await probe.unary(text(""));
    const before = timers();
    await probe.unary(text(""), { timeout: 60_000 });
    assert.equal(timers(), before);
    server.close();
  });

  it("closing in the middle fails calls at once; the server sees the end", async () => {
    const entered = deferred<AbortSignal>();
    const { server, client, probe } = serverWithClient({
      hold(_request, { signal }) {
        entered.resolve(signal);
        return new Promise(() => {});
      },
    });
    const call = probe.hold(text(""));
    const signal = await entered.promise;
    const aborted = new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason)));
    client.close();
    await assert.rejects(call, isKind("unavailable", "ttrpc: closed"));
    assert.ok(isKind("canceled")(await aborted));
    server.close();
  });
});

const noBytes = new Uint8Array(0);
