import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ShimError } from "../errors/shim-error.ts";
import { parseStdio } from "./uri.ts";

const refused = (words: RegExp) => (error: unknown) =>
  error instanceof ShimError && error.kind === "invalid-argument" && words.test(error.message);

describe("stdio URIs", () => {
  it("takes a bare path as a FIFO's, letter by letter", () => {
    assert.deepEqual(parseStdio("/run/c/fifo/1%20a?b"), { scheme: "fifo", path: "/run/c/fifo/1%20a?b" });
    assert.deepEqual(parseStdio("fifo:///run/1%20a"), { scheme: "fifo", path: "/run/1 a" });
    assert.equal(parseStdio(""), undefined);
  });

  it("splits a logger's query into arguments, key then value, in order", () => {
    assert.deepEqual(parseStdio("binary:///usr/bin/log%20ger?z=1&a=%2Fvar%2Flog&flag&plus=a+b"), {
      scheme: "binary",
      path: "/usr/bin/log ger",
      args: ["z", "1", "a", "/var/log", "flag", "", "plus", "a b"],
    });
    assert.deepEqual(parseStdio("binary-v2:///bin/l"), { scheme: "binary-v2", path: "/bin/l", args: [] });
    assert.deepEqual(parseStdio("file:///var/log/x?ignored=1"), { scheme: "file", path: "/var/log/x" });
  });

  it("reads streams on a shim's socket", () => {
    const target = { scheme: "ttrpc+unix", path: "/run/containerd/s/1", id: "c1-stdout" };
    assert.deepEqual(parseStdio("ttrpc+unix:///run/containerd/s/1?streaming_id=c1-stdout"), target);
    for (const uri of ["ttrpc+unix:///s", "ttrpc+unix:///s?streaming_id=", "ttrpc+unix://s?streaming_id=a"]) {
      assert.throws(() => parseStdio(uri), refused(/streaming_id|absolute/));
    }
  });

  it("names the schemes that there are to who asks for another", () => {
    assert.throws(() => parseStdio("https://host/log"), refused(/"https".*fifo, file, binary, binary-v2/));
    assert.throws(() => parseStdio("npipe:////./pipe/x"), refused(/npipe/));
  });

  it("refuses relative paths and broken escapes", () => {
    assert.throws(() => parseStdio("fifo/1"), refused(/no absolute path/));
    assert.throws(() => parseStdio("binary://logger?x=1"), refused(/no absolute path/));
    assert.throws(() => parseStdio("file:///a%zz"), refused(/%-escape/));
  });
});
