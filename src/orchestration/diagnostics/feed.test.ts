import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Feed } from "./feed.ts";

async function all<T>(feed: Feed<T>): Promise<[T, number][]> {
  const read: [T, number][] = [];
  for await (const { item, lost } of feed.read()) read.push([item, lost]);
  return read;
}

describe("a feed", () => {
  it("gives what comes, in order, also before it is read, and ends", async () => {
    const feed = new Feed<string>();
    feed.push("before", 1);
    const reading = all(feed);
    await new Promise(setImmediate);
    feed.push("while", 1);
    feed.push("at once", 1);
    feed.end();
    feed.push("too late", 1);
    const expected = ["before", "while", "at once"].map((item) => [item, 0]);
    assert.deepEqual(await reading, expected);
  });

  it("loses the oldest of what is not read, by number and by size, and counts them", async () => {
    const many = new Feed<number>();
    for (let i = 0; i < 1500; i++) many.push(i, 1);
    many.end();
    const read = await all(many);
    assert.deepEqual([read.length, read[0], read[1]], [1000, [500, 500], [501, 0]]);
    const big = new Feed<number>();
    for (let i = 0; i < 3; i++) big.push(i, 3 * 1024 * 1024);
    big.end();
    assert.deepEqual(await all(big), [[2, 2]]);
  });

  it("throws its error after what was there", async () => {
    const feed = new Feed<string>();
    feed.push("last words", 1);
    feed.end(new Error("gone"));
    feed.end(new Error("not this one"));
    const reader = feed.read();
    assert.deepEqual((await reader.next()).value, { item: "last words", lost: 0 });
    await assert.rejects(reader.next(), /^Error: gone$/);
  });
});
