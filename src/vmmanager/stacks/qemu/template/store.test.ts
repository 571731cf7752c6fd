import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { close, open, tryLock } from "../../../../sys/libc.ts";
import { TemplateStore } from "./store.ts";

describe("the store of templates", () => {
  let directory = "";
  let store: TemplateStore;
  const call = { waitMs: 30_000 };
  const write = async (into: string): Promise<void> => writeFileSync(join(into, "state"), "whole");
  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), "template-store-")), "templates");
    store = new TemplateStore(directory);
  });
  afterEach(() => rmSync(join(directory, ".."), { recursive: true }));

  it("has none at first, and the one that was made", async () => {
    assert.equal(store.find("a"), undefined);
    assert.equal(await store.make("a", write, call), join(directory, "a"));
    assert.equal(store.find("a"), join(directory, "a"));
    assert.deepEqual(readdirSync(join(directory, "a")), ["state"]);
    store.discard("a");
    assert.equal(store.find("a"), undefined);
  });

  it("lets one of two make it, whatever store object they have", async () => {
    let made = 0;
    let running = 0;
    const slowly = async (into: string): Promise<void> => {
      made++;
      assert.equal(++running, 1);
      await new Promise((resolve) => setImmediate(resolve));
      await write(into);
      running--;
    };
    const other = new TemplateStore(directory);
    await Promise.all([store.make("a", slowly, call), other.make("a", slowly, call), other.make("b", slowly, call)]);
    assert.equal(made, 2);
    assert.deepEqual(readdirSync(directory).sort(), ["a", "b"]);
  });

  it("leaves nothing of one whose making fails, and makes it for the next", async () => {
    const fail = async (into: string): Promise<void> => {
      await write(into);
      throw new Error("no guest");
    };
    await assert.rejects(store.make("a", fail, call), /no guest/);
    assert.deepEqual(readdirSync(directory), []);
    await store.make("a", write, call);
    assert.ok(store.find("a"));
  });

  it("never finds a half-made one, and removes it with the next making", async () => {
    await store.make("a", write, call);
    mkdirSync(join(directory, "b.new"));
    assert.equal(store.find("b"), undefined);
    await store.make("c", write, call);
    assert.deepEqual(readdirSync(directory).sort(), ["a", "c"]);
  });

  it("does not wait for another maker for longer than it is told, or than its caller", async () => {
    await store.make("a", write, call);
    const fd = open(directory, 0);
    try {
      assert.ok(tryLock(fd));
      await assert.rejects(store.make("b", write, { waitMs: 1 }), { kind: "unavailable" });
      const signal = AbortSignal.abort(new Error("left"));
      await assert.rejects(store.make("b", write, { ...call, signal }), /left/);
    } finally {
      close(fd);
    }
    assert.ok(store.find("a"), "it is read without the lock");
    assert.deepEqual(readdirSync(directory), ["a"]);
  });

  it("keeps four: the one just made, and of the others those used last", async () => {
    for (const key of ["a", "b", "c", "d"]) await store.make(key, write, call);
    for (const [age, key] of ["b", "c", "d", "a"].entries()) utimesSync(join(directory, key), 1000 - age, 1000 - age);
    assert.ok(store.find("a"), "used now");
    await store.make("e", write, call);
    assert.deepEqual(readdirSync(directory).sort(), ["a", "b", "c", "e"]);
  });

  it("is of nobody else: a directory that others may read or write is refused", async () => {
    await store.make("a", write, call);
    for (const mode of [0o750, 0o707, 0o777]) {
      chmodSync(directory, mode);
      assert.throws(() => store.find("a"), { kind: "failed-precondition", message: /is not root's alone.*chmod 0700/ });
      await assert.rejects(store.make("b", write, call), { kind: "failed-precondition" });
    }
    chmodSync(directory, 0o700);
    assert.ok(existsSync(join(directory, "a")));
  });
});
