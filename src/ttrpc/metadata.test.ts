import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShimError } from "../errors/shim-error.ts";
import { Metadata } from "./metadata.ts";

describe("metadata", () => {
  it("gets without regard to case", () => {
    const metadata = new Metadata({ Foo: "bar" });
    assert.deepEqual(metadata.get("FOO"), ["bar"]);
    assert.deepEqual(metadata.get("foo"), ["bar"]);
  });

  it("an invalid key returns nothing and cannot be set", () => {
    const metadata = new Metadata({ foo: "bar" });
    assert.equal(metadata.get(""), undefined);
    const invalid = (error: unknown): boolean => error instanceof ShimError && error.kind === "invalid-argument";
    assert.throws(() => metadata.set("", "x"), invalid);
    assert.throws(() => metadata.append("", "x"), invalid);
  });

  it("unset: a key that was never set, was set to nothing or was deleted", () => {
    const metadata = new Metadata({ foo: "bar", baz: "qux" });
    assert.equal(metadata.get("other"), undefined);
    metadata.set("foo");
    assert.equal(metadata.get("foo"), undefined);
    metadata.delete("BAZ");
    assert.equal(metadata.size, 0);
  });

  it("replaces", () => {
    const metadata = new Metadata({ foo: ["a", "b"] });
    metadata.set("FOO", "c");
    assert.deepEqual(metadata.get("foo"), ["c"]);
  });

  it("appending keeps the order", () => {
    const metadata = new Metadata();
    metadata.append("foo", "1");
    metadata.append("Foo", "2", "3");
    metadata.append("foo");
    assert.deepEqual(metadata.get("foo"), ["1", "2", "3"]);
  });

  it("a clone is deep", () => {
    const original = new Metadata({ foo: ["1"] });
    const copy = original.clone();
    copy.append("foo", "2");
    copy.set("bar", "3");
    assert.deepEqual([...original], [["foo", ["1"]]]);
    assert.deepEqual(
      [...copy],
      [
        ["foo", ["1", "2"]],
        ["bar", ["3"]],
      ],
    );
  });

  it("repeats a key on the wire for each value; lowers the case of what comes and drops empty keys", () => {
    const pairs = new Metadata({ a: ["1", "2"], b: "3" }).toPairs();
    assert.deepEqual(pairs, [
      { key: "a", value: "1" },
      { key: "a", value: "2" },
      { key: "b", value: "3" },
    ]);
    const back = Metadata.fromPairs([...pairs, { key: "A", value: "4" }, { key: "", value: "5" }]);
    assert.deepEqual(
      [...back],
      [
        ["a", ["1", "2", "4"]],
        ["b", ["3"]],
      ],
    );
  });
});
