import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { until } from "../../../test/harness/until.ts";
import { isKind } from "../../errors/shim-error.ts";
import { silentLogger } from "../../log/logger.ts";
import { encodeGreeting, nameStream } from "../../transport/agent/greeting.ts";
import { AGENT_STREAM_PORT } from "../../transport/agent/ports.ts";
import { createMemorySockets } from "../../transport/memory.ts";
import { readAll } from "../stdio/read-all.ts";
import { acceptStreams } from "./accept-streams.ts";
import { type StreamLimits, StreamTable } from "./stream-table.ts";

describe("the guest's streams", () => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  function guest(limits: Partial<StreamLimits> = {}) {
    const { host, guest: sockets } = createMemorySockets();
    const over = new AbortController();
    const table = new StreamTable(silentLogger, limits);
    const listener = host.listen(AGENT_STREAM_PORT);
    const accepting = acceptStreams(sockets, table, { signal: over.signal });
    ends.push(async () => {
      over.abort();
      await accepting;
      table.close();
      listener.close();
    });
    const start = async (id: string) => nameStream(await listener.accept(), id);
    return { table, listener, start, over, accepting };
  }

  it("are claimed by their id, once, and carry bytes both ways with their ends", async () => {
    const { table, start } = guest();
    const ours = await start("a");
    assert.equal(table.size, 1);
    const theirs = table.claim("a");
    assert.equal(table.size, 0);
    assert.throws(
      () => table.claim("a"),
      (error) => isKind(error, "not-found"),
    );
    ours.write(Buffer.from("to the guest"));
    ours.end();
    assert.equal(await readAll(theirs, 100), "to the guest");
    theirs.write(Buffer.from("to the host, after its end"));
    theirs.end();
    assert.equal(await readAll(ours, 100), "to the host, after its end");
  });

  it("stand by as often as they are asked for, and at once", async () => {
    const { table, start } = guest();
    const ids = Array.from({ length: 40 }, (_, index) => `s${index}`);
    await Promise.all(ids.map(start));
    assert.equal(table.size, 40);
    for (const id of ids) table.claim(id).destroy();
  });

  it("are refused under an id that waits, and free again once it is claimed", async () => {
    const { table, start } = guest();
    await start("a");
    await assert.rejects(
      start("a"),
      (error) => isKind(error, "failed-precondition") && /waits already/.test(`${error}`),
    );
    table.claim("a");
    await start("a");
    assert.equal(table.size, 1);
  });

  it("are refused above the limit of those that wait", async () => {
    const { table, start } = guest({ unclaimed: 2 });
    await start("a");
    await start("b");
    await assert.rejects(start("c"), /2 streams wait/);
    table.claim("a");
    await start("c");
  });

  it("end when nobody claims them in time", async () => {
    const { table, start } = guest({ unclaimedMs: 300 });
    const stream = await start("a");
    const closed = new Promise<Error | undefined>((close) => stream.open({ data() {}, end() {}, drain() {}, close }));
    assert.ok((await closed) !== undefined);
    assert.equal(table.size, 0);
  });

  it("are forgotten when the host resets them unclaimed", async () => {
    const { table, start } = guest();
    (await start("a")).destroy();
    await until("it is forgotten", () => table.size === 0);
    assert.throws(
      () => table.claim("a"),
      (error) => isKind(error, "not-found"),
    );
  });

  it("are reset when their greeting stalls, and another stands by meanwhile", async () => {
    const { listener, start } = guest({ greetingMs: 5 });
    const stalled = await listener.accept();
    stalled.write(encodeGreeting("half").subarray(0, 5));
    const closed = new Promise<Error | undefined>((close) => stalled.open({ data() {}, end() {}, drain() {}, close }));
    await start("b");
    assert.ok((await closed) !== undefined);
  });

  it("stand by for as long as it takes: only a greeting that has begun is timed", async () => {
    const { listener } = guest({ greetingMs: 1 });
    const connection = await listener.accept();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await nameStream(connection, "late");
  });

  it("stand by again after a host that has left, and no more after the end", async () => {
    const { listener, start, over, accepting } = guest();
    for (let count = 0; count < 4; count += 1) (await listener.accept()).destroy();
    await start("a");
    const idle = await listener.accept();
    const closed = new Promise<Error | undefined>((close) => idle.open({ data() {}, end() {}, drain() {}, close }));
    over.abort();
    await accepting;
    assert.ok((await closed) !== undefined);
  });
});
