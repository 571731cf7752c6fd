import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { EventExchange } from "./event-exchange.ts";

describe("the guest's events", () => {
  const start = (exchange: EventExchange<number>) => {
    const over = new AbortController();
    const events = exchange.subscribe({ signal: over.signal });
    return { next: async () => (await events.next()).value, stop: () => over.abort(), events };
  };

  it("reach every subscriber, in their order", async () => {
    const exchange = new EventExchange<number>();
    const [a, b] = [start(exchange), start(exchange)];
    const first = [a.next(), b.next()];
    exchange.publish(1);
    exchange.publish(2);
    assert.deepEqual(await Promise.all(first), [1, 1]);
    assert.deepEqual([await a.next(), await b.next()], [2, 2]);
    const last = a.next();
    a.stop();
    assert.equal(await last, undefined, "ends with its signal");
    b.stop();
  });

  it("wait while nobody listens, the newest of too many", async () => {
    const exchange = new EventExchange<number>(3);
    for (const event of [1, 2, 3, 4]) exchange.publish(event);
    const { next } = start(exchange);
    assert.deepEqual([await next(), await next(), await next()], [2, 3, 4]);
  });

  it("that the last one did not take come to the next, and none twice", async () => {
    const exchange = new EventExchange<number>();
    for (const event of [1, 2, 3]) exchange.publish(event);
    const first = start(exchange);
    assert.equal(await first.next(), 1);
    assert.equal(await first.next(), 2);
    // 2 was being sent when the client left.
    await first.events.return();
    const second = start(exchange);
    assert.equal(await second.next(), 2);
    assert.equal(await second.next(), 3);
  });

  it("end for a subscriber that leaves too many, after those that it has", async () => {
    const exchange = new EventExchange<number>(2);
    const { next } = start(exchange);
    const first = next();
    for (const event of [1, 2, 3, 4]) exchange.publish(event);
    assert.deepEqual([await first, await next()], [1, 2]);
    await assert.rejects(next(), (error) => isKind(error, "resource-exhausted"));
  });
});
