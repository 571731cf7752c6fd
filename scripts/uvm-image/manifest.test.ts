import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { describeFiles, hashInputs, imageFiles, type Manifest, readCurrent } from "./manifest.ts";

describe("hashInputs", () => {
  it("depends on names and values, not on their order", () => {
    assert.equal(hashInputs({ a: "1", b: "2" }), hashInputs({ b: "2", a: "1" }));
    assert.notEqual(hashInputs({ a: "1", b: "2" }), hashInputs({ a: "2", b: "1" }));
    assert.notEqual(hashInputs({ a: "1" }), hashInputs({ b: "1" }));
  });
});

describe("readCurrent", () => {
  let directory = "";
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "uvm-manifest-"));
    for (const name of imageFiles) writeFileSync(join(directory, name), name);
    const manifest: Manifest = {
      inputHash: "cafe",
      kernelRelease: "6.1",
      packages: [],
      bun: "1",
      modules: { boot: [], early: [], later: [] },
      libraries: [],
      files: describeFiles(directory),
    };
    writeFileSync(join(directory, "manifest.json"), JSON.stringify(manifest));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it("answers the manifest of an image of the same inputs", () => {
    assert.equal(readCurrent(directory, "cafe")?.files.vmlinuz?.bytes, "vmlinuz".length);
  });

  it("answers nothing for other inputs, for an image that was changed, and for none", () => {
    assert.equal(readCurrent(directory, "beef"), undefined);
    appendFileSync(join(directory, "root.erofs"), "!");
    assert.equal(readCurrent(directory, "cafe"), undefined);
    rmSync(join(directory, "root.erofs"));
    assert.equal(readCurrent(directory, "cafe"), undefined);
    assert.equal(readCurrent(join(directory, "nowhere"), "cafe"), undefined);
  });
});
