import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Server } from "./server.ts";
import type { Handlers } from "./service.ts";
import { clientOf, deferred, isKind, Probe, text } from "./testing.ts";

const early = { ...Probe, name: "uvmshim.test.Early" };

/** A server with a service that is there, and one whose code is loaded when the test says so. */
function subject(handlers: Partial<Handlers<typeof Probe>>) {
  const server = new Server();
  server.register(early, { unary: (request) => request });
  const called = deferred();
  const loaded = deferred();
  let loads = 0;
  server.registerLate([Probe.name], async () => {
    loads += 1;
    called.resolve();
    await loaded.promise;
    server.register(Probe, handlers);
  });
  return { server, called, loaded, loads: () => loads };
}

describe("a service that is loaded late", () => {
  it("is loaded by its first call, for all who wait", async () => {
    const s = subject({ unary: (request) => request });
    const [one, other] = [clientOf(s.server), clientOf(s.server)];
    assert.equal((await one.service(early).unary(text("before"))).message, "before");
    assert.equal(s.loads(), 0);
    const answers = [one, other, one].map((client, code) => client.service(Probe).unary(text("waited", code)));
    await s.called.promise;
    // What both have sent has come by then, too.
    await clientOf(s.server).service(early).unary(text("in between"));
    s.loaded.resolve();
    assert.deepEqual(
      (await Promise.all(answers)).map(({ code }) => code),
      [0, 1, 2],
    );
    assert.equal((await other.service(Probe).unary(text("after"))).message, "after");
    assert.equal(s.loads(), 1);
    s.server.close();
  });

  it("takes what follows on the connection in order, and no other connection waits", async () => {
    const order: string[] = [];
    const s = subject({
      unary: (request) => request,
      async collect(requests) {
        for await (const { message } of requests) order.push(message);
        return text("collected");
      },
    });
    const client = clientOf(s.server);
    const collect = client.service(Probe).collect();
    await collect.send(text("a"));
    await collect.send(text("b"));
    const collected = collect.closeAndReceive();
    const behind = client
      .service(early)
      .unary(text(""))
      .then(() => order.push("behind"));
    await s.called.promise;
    assert.equal((await clientOf(s.server).service(early).unary(text("other"))).message, "other");
    assert.deepEqual(order, []);
    s.loaded.resolve();
    assert.equal((await collected).message, "collected");
    await behind;
    assert.deepEqual(order.slice().sort(), ["a", "b", "behind"]);
    s.server.close();
  });

  it("refuses what it has no method for as any other", async () => {
    const s = subject({});
    s.loaded.resolve();
    const probe = clientOf(s.server).service(Probe);
    await assert.rejects(probe.unary(text("")), isKind("unimplemented", "method Unary"));
    s.server.close();
  });

  it("tells the caller that it cannot be loaded, and loads it again for the next", async () => {
    const server = new Server();
    let loads = 0;
    server.registerLate([Probe.name], async () => {
      loads += 1;
      if (loads === 1) throw new Error("no such file");
      server.register(Probe, { unary: (request) => request });
    });
    const probe = clientOf(server).service(Probe);
    const failure = `service ${Probe.name} cannot be loaded: no such file`;
    await assert.rejects(probe.unary(text("")), isKind("internal", failure));
    assert.equal((await probe.unary(text("again"))).message, "again");
    server.close();
  });

  it("keeps a shutdown waiting for the call that loads it", async () => {
    const s = subject({ unary: (request) => request });
    const client = clientOf(s.server);
    const call = client.service(Probe).unary(text("answered"));
    await s.called.promise;
    const late = client.service(early).unary(text("late"));
    const shutdown = s.server.shutdown();
    s.loaded.resolve();
    assert.equal((await call).message, "answered");
    await assert.rejects(late, isKind("unavailable"));
    await shutdown;
    assert.equal(s.server.connectionCount, 0);
  });

  it("still gets the call of a client that left meanwhile, and its end", async () => {
    const aborted = deferred<unknown>();
    const s = subject({
      hold(_request, { signal }) {
        signal.addEventListener("abort", () => aborted.resolve(signal.reason));
        return new Promise(() => {});
      },
    });
    const client = clientOf(s.server);
    const call = client.service(Probe).hold(text(""));
    await s.called.promise;
    client.close();
    await assert.rejects(call);
    await client.closed();
    // The server has seen that by then, too.
    await clientOf(s.server).service(early).unary(text("in between"));
    s.loaded.resolve();
    assert.ok(isKind("canceled")(await aborted.promise));
    s.server.close();
  });

  it("has a name that nobody else has", () => {
    const s = subject({});
    assert.throws(() => s.server.registerLate([Probe.name], async () => undefined), isKind("already-exists"));
    assert.throws(() => s.server.registerLate([early.name], async () => undefined), isKind("already-exists"));
  });
});
