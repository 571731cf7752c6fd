import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { kindsOfMore } from "./fd-leaks.ts";

const open = (...links: string[]): Map<number, string> => new Map(links.map((link, fd) => [fd, link]));
const LOOP = "anon_inode:[eventpoll]";
const WAKE = "anon_inode:[eventfd]";

describe("what is open that was not", () => {
  it("is told by kinds, so that one that is closed hides none of another kind", () => {
    assert.deepEqual([...kindsOfMore(open("socket:[1]"), open("socket:[2]"))], []);
    assert.deepEqual([...kindsOfMore(open("socket:[1]", "/x"), open("socket:[2]", "socket:[3]"))], ["socket"]);
    assert.deepEqual([...kindsOfMore(open(), open("/a", "pipe:[1]"))], ["/a", "pipe"]);
  });

  it("leaves out a runtime's thread that began late, and neither half of one alone", () => {
    assert.deepEqual([...kindsOfMore(open("/x"), open("/x", LOOP, WAKE))], []);
    assert.deepEqual([...kindsOfMore(open(), open(LOOP, WAKE, LOOP))], [LOOP]);
    assert.deepEqual([...kindsOfMore(open(LOOP), open(LOOP, WAKE))], [WAKE]);
    assert.deepEqual([...kindsOfMore(open(LOOP, LOOP), open(LOOP, WAKE))], [WAKE]);
  });
});
