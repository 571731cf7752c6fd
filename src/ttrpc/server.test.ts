import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShimError } from "../errors/shim-error.ts";
import { Status } from "../generated/google/rpc.ts";
import { maxPayloadLength } from "./frame.ts";
import { Metadata } from "./metadata.ts";
import { Server } from "./server.ts";
import { TtrpcError } from "./status.ts";
import {
  clientOf,
  deferred,
  isKind,
  Probe,
  requestFrame,
  serverWithClient,
  serverWithPeer,
  streamPair,
  text,
} from "./testing.ts";

describe("server (Go's server_test)", () => {
  it("TestServer: echo with metadata", async () => {
    const { server, probe } = serverWithClient({
      unary: (request, { metadata, fullMethod }) => text(`${fullMethod} ${request.message} ${metadata.get("foo")}`),
    });
    const answer = await probe.unary(text("bar"), { metadata: new Metadata({ Foo: ["a", "b"] }) });
    assert.equal(answer.message, "/uvmshim.test.Probe/Unary bar a,b");
    server.close();
  });

  it("TestServer: the text of an unknown error passes through", async () => {
    const { server, probe } = serverWithClient({
      unary: async () => {
        throw new Error("what a day");
      },
    });
    await assert.rejects(probe.unary(text("")), isKind("unknown", "what a day"));
    server.close();
  });

  it("errors keep kind, text and details, thrown or rejected", async () => {
    const details = [{ typeUrl: "a.b.C", value: Uint8Array.of(1, 2) }];
    const { server, probe } = serverWithClient({
      unary: () => {
        throw new TtrpcError("not-found", "it is gone", { details });
      },
    });
    await assert.rejects(probe.unary(text("")), (error) => {
      assert.ok(error instanceof TtrpcError);
      assert.deepEqual([error.kind, error.message, error.details], ["not-found", "it is gone", details]);
      return true;
    });
    server.close();
  });

  it("a handler that returns nothing is Unknown, as Go says it", async () => {
    const nothing = undefined as unknown as Status;
    const { server, probe } = serverWithClient({ unary: () => nothing });
    await assert.rejects(probe.unary(text("")), isKind("unknown", "ttrpc: marshal called with nil"));
    server.close();
  });

  it("Unimplemented for an unknown service and an unknown method", async () => {
    const { server, client, probe } = serverWithClient({});
    await assert.rejects(probe.unary(text("")), isKind("unimplemented", "method Unary"));
    const stranger = client.service({ ...Probe, name: "who.Knows" });
    await assert.rejects(stranger.unary(text("")), isKind("unimplemented", "service who.Knows"));
    server.close();
  });

  it("a service registers once", () => {
    const server = new Server();
    server.register(Probe, {});
    assert.throws(() => server.register(Probe, {}), isKind("already-exists"));
  });

  it("handlers keep their `this`", async () => {
    class Counter {
      count = 41;
      unary(): Status {
        this.count += 1;
        return text("", this.count);
      }
    }
    const { server, probe } = serverWithClient(new Counter());
    assert.equal((await probe.unary(text(""))).code, 42);
    server.close();
  });

  it("ListenerClosed: a listener goes with the server", () => {
    const server = new Server();
    let closed = 0;
    server.addListener({ close: () => (closed += 1) });
    server.close();
    server.close();
    assert.equal(closed, 1);
  });

  it("TestServerShutdown: waits for five calls in flight, ends idle connections, takes nothing new", async () => {
    const release = deferred();
    const allIn = deferred();
    let inFlight = 0;
    const server = new Server();
    server.register(Probe, {
      async hold(request) {
        inFlight += 1;
        if (inFlight === 5) allIn.resolve();
        await release.promise;
        return request;
      },
    });
    const busy = clientOf(server);
    const idle = clientOf(server);
    const probe = busy.service(Probe);
    const calls = Array.from({ length: 5 }, (_, code) => probe.hold(text("held", code)));
    await allIn.promise;
    const shutdown = server.shutdown();
    await idle.closed();
    await assert.rejects(probe.unary(text("late")), isKind("unavailable", "ttrpc: server closed"));
    const [rejected, theirs] = streamPair();
    server.accept(rejected);
    const closed = deferred();
    theirs.open({ data() {}, end() {}, drain() {}, close: () => closed.resolve() });
    await closed.promise;
    release.resolve();
    assert.deepEqual(
      (await Promise.all(calls)).map(({ code }) => code),
      [0, 1, 2, 3, 4],
    );
    await shutdown;
    assert.equal(server.connectionCount, 0);
    assert.throws(() => server.addListener({ close() {} }), isKind("unavailable", "ttrpc: server closed"));
  });

  it("a shutdown that is given up leaves the call, a close ends it", async () => {
    const entered = deferred<AbortSignal>();
    const { server, client, probe } = serverWithClient({
      hold(_request, { signal }) {
        entered.resolve(signal);
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    const call = probe.hold(text(""));
    const signal = await entered.promise;
    const stop = new AbortController();
    const shutdown = server.shutdown({ signal: stop.signal });
    stop.abort(new ShimError("deadline-exceeded", "waited enough"));
    await assert.rejects(shutdown, isKind("deadline-exceeded", "waited enough"));
    assert.equal(signal.aborted, false);
    server.close();
    await assert.rejects(call, isKind("unavailable", "ttrpc: closed"));
    assert.ok(isKind("canceled")(signal.reason));
    await client.closed();
  });

  it("TestServerClose: calls in flight are aborted", async () => {
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
    server.close();
    await assert.rejects(call, isKind("unavailable", "ttrpc: closed"));
    assert.ok(isKind("canceled")(await aborted));
    await client.closed();
  });

  it("ImmediateServerShutdown: before anything was served", async () => {
    const server = new Server();
    await server.shutdown();
    assert.equal(server.isClosed, true);
  });

  it("OversizeCall: ResourceExhausted, and the same connection still works", async () => {
    const { server, probe } = serverWithClient({ unary: (request) => request });
    await assert.rejects(probe.unary(text("x".repeat(maxPayloadLength + 1))), isKind("resource-exhausted"));
    assert.equal((await probe.unary(text("small"))).message, "small");
    server.close();
  });

  it("an oversize response is replaced by ResourceExhausted, and the connection still works", async () => {
    const { server, probe } = serverWithClient({
      unary: (request) => (request.code > 0 ? text("y".repeat(request.code)) : request),
    });
    await assert.rejects(
      probe.unary(text("", maxPayloadLength + 1)),
      isKind("resource-exhausted", /exceed maximum message size of 4194304/),
    );
    assert.equal((await probe.unary(text("small"))).message, "small");
    server.close();
  });

  it("an error text above 4 MiB is cut, not lost", async () => {
    const { server, probe } = serverWithClient({
      unary: () => {
        throw new ShimError("aborted", "z".repeat(maxPayloadLength + 1));
      },
    });
    await assert.rejects(probe.unary(text("")), isKind("aborted", /^z{65536}$/));
    server.close();
  });

  it("ServerRequestTimeout: the deadline is visible to the handler and ends its signal", async () => {
    const { server, peer } = serverWithPeer({
      hold(_request, { deadline, signal }) {
        assert.ok(deadline !== undefined && deadline <= Date.now() + 50);
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    peer.request(1, { service: Probe.name, method: "Hold", timeoutNano: 50_000_000n });
    const { response } = await peer.response();
    assert.equal(response.status?.code, 4);
    server.close();
  });

  it("no deadline without a timeout, nor with a negative one; the longest one does not overflow", async () => {
    const { server, peer } = serverWithPeer({
      hold: async (_request, { deadline }) => text(String(deadline)),
    });
    const hold = { service: Probe.name, method: "Hold" };
    peer.request(1, hold);
    peer.request(3, { ...hold, timeoutNano: -5n });
    peer.request(5, { ...hold, timeoutNano: 2n ** 63n - 1n });
    const seen: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { streamId, response } = await peer.response();
      seen[streamId] = Status.decode(response.payload).message;
    }
    assert.deepEqual([seen[1], seen[3]], ["undefined", "undefined"]);
    assert.ok(Number(seen[5]) > Date.now() + 9e12);
    server.close();
  });

  it("ConnectionsLeak: connections are forgotten when clients go", async () => {
    const server = new Server();
    server.register(Probe, { unary: (request) => request });
    for (let round = 0; round < 20; round += 1) {
      const client = clientOf(server);
      await client.service(Probe).unary(text("hello"));
      client.close();
      await client.closed();
    }
    await server.shutdown();
    assert.equal(server.connectionCount, 0);
  });

  it("TestServerEOF: a half-closed client is gone: its calls are canceled, its connection ends", async () => {
    const entered = deferred<AbortSignal>();
    const { server, peer } = serverWithPeer({
      hold(_request, { signal }) {
        entered.resolve(signal);
        return new Promise(() => {});
      },
    });
    peer.request(1, { service: Probe.name, method: "Hold" });
    const signal = await entered.promise;
    const aborted = new Promise((resolve) => signal.addEventListener("abort", () => resolve(signal.reason)));
    peer.stream.end();
    assert.ok(isKind("canceled")(await aborted));
    await peer.closed;
    assert.equal(server.connectionCount, 0);
  });

  it("what a client asked before it half-closed is answered", async () => {
    const { peer } = serverWithPeer({ unary: (request) => request });
    peer.request(1, { service: Probe.name, method: "Unary", payload: Status.encode(text("last words")) });
    peer.stream.end();
    assert.equal(Status.decode((await peer.response()).response.payload).message, "last words");
    await peer.closed;
  });

  it("HandlerContextCancelOnReturn: the signal aborts when the handler has returned", async () => {
    const kept = deferred<AbortSignal>();
    const { server, probe } = serverWithClient({
      unary(request, { signal }) {
        kept.resolve(signal);
        return request;
      },
    });
    await probe.unary(text(""));
    assert.ok(isKind("canceled")((await kept.promise).reason));
    server.close();
  });

  it("answers to one read go out in one write, in order, without a promise", async () => {
    const { server, peer } = serverWithPeer({ unary: (request) => request });
    const payload = Status.encode(text("batched"));
    const request = (id: number): Uint8Array => requestFrame(id, { service: Probe.name, method: "Unary", payload });
    peer.write(new Uint8Array(Buffer.concat([request(1), request(3), request(5)])));
    const ids: number[] = [];
    for (let count = 0; count < 3; count += 1) ids.push((await peer.response()).streamId);
    assert.deepEqual(ids, [1, 3, 5]);
    assert.equal(peer.chunks, 1);
    server.close();
  });

  it("a client that does not read blocks neither its own requests nor the server, and is dropped at the limit", async () => {
    const errors: ShimError[] = [];
    let served = 0;
    const { server, peer } = serverWithPeer(
      {
        unary: () => {
          served += 1;
          return text("r".repeat(100_000));
        },
      },
      { maxQueuedBytes: 1 << 20, onConnectionError: (error) => errors.push(error) },
    );
    peer.stream.pause();
    for (let id = 1; id < 200; id += 2) peer.request(id, { service: Probe.name, method: "Unary" });
    await peer.closed;
    assert.ok(served >= 10, `${served} requests were served while nothing was read`);
    assert.deepEqual(
      errors.map(({ kind }) => kind),
      ["resource-exhausted"],
    );
    assert.equal(server.connectionCount, 0);
  });

  it("calls above the limit of one connection are refused, not queued", async () => {
    const release = deferred();
    const { server, probe } = serverWithClient(
      {
        async hold(request) {
          await release.promise;
          return request;
        },
      },
      { server: { maxConcurrentCalls: 2 } },
    );
    const held = [probe.hold(text("1")), probe.hold(text("2"))];
    await assert.rejects(probe.hold(text("3")), isKind("resource-exhausted"));
    release.resolve();
    await Promise.all(held);
    assert.equal((await probe.hold(text("4"))).message, "4");
    server.close();
  });
});
