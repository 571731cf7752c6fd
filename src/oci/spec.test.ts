import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ErrorKind, ShimError } from "../errors/shim-error.ts";
import { stringifyJson } from "./json.ts";
import { loadSpec, parseSpec } from "./spec.ts";

let dir = "";
before(() => {
  dir = mkdtempSync(join(tmpdir(), "spec-test-"));
});
after(() => rmSync(dir, { recursive: true }));

function bundleWith(name: string, config?: string): string {
  const bundle = join(dir, name);
  mkdirSync(bundle);
  if (config !== undefined) writeFileSync(join(bundle, "config.json"), config);
  return bundle;
}

function fails(load: () => unknown, kind: ErrorKind, message: RegExp): void {
  assert.throws(load, (error) => {
    assert.ok(error instanceof ShimError);
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    return true;
  });
}

describe("loadSpec", () => {
  it("reads the spec and loses nothing that it does not know", () => {
    const text =
      '{"ociVersion":"1.0.2","process":{"cwd":"/","args":["sh"],"rlimits":[{"hard":18446744073709551615}]},"root":{"path":"rootfs"},"annotations":{"a":"b"},"vm":{"x":null}}';
    const spec = loadSpec(bundleWith("good", text));
    assert.equal(spec.root?.path, "rootfs");
    assert.deepEqual(spec.annotations, { a: "b" });
    assert.equal(stringifyJson(spec), text);
  });

  it("takes null as absent, as Go does, where the shim looks", () => {
    const text =
      '{"ociVersion":"1","mounts":null,"process":null,"annotations":null,"linux":{"resources":null,"namespaces":[{"type":"pid","path":null}]}}';
    const spec = loadSpec(bundleWith("nulls", text));
    assert.equal(stringifyJson(spec), '{"ociVersion":"1","linux":{"namespaces":[{"type":"pid"}]}}');
  });

  it("tells a missing bundle, a missing file and nonsense apart", () => {
    fails(() => loadSpec(join(dir, "none")), "not-found", /bundle .*none does not exist/);
    fails(() => loadSpec(bundleWith("empty")), "not-found", /bundle .*empty has no config.json/);
    fails(() => loadSpec(join(bundleWith("file", "{}"), "config.json")), "invalid-argument", /is not a directory/);
    fails(() => loadSpec(bundleWith("nonsense", "{\n!")), "invalid-argument", /config.json is not JSON: .* line 2/);
    const directory = bundleWith("directory");
    mkdirSync(join(directory, "config.json"));
    fails(() => loadSpec(directory), "invalid-argument", /cannot be read/);
  });
});

describe("parseSpec", () => {
  for (const [text, message] of [
    ["[]", /is not a JSON object/],
    ["{}", /ociVersion is not a string/],
    ['{"ociVersion":"1","root":{}}', /root has no path/],
    ['{"ociVersion":"1","process":{"cwd":"/","args":"sh"}}', /process.args/],
    ['{"ociVersion":"1","mounts":[{"source":"x"}]}', /mounts is not a list/],
    ['{"ociVersion":"1","annotations":{"a":1}}', /annotations/],
    ['{"ociVersion":"1","linux":{"namespaces":[{}]}}', /linux.namespaces/],
    ['{"ociVersion":"1","mounts":[null]}', /mounts is not a list/],
    ['{"ociVersion":"1","mounts":[{"destination":"/x","options":"ro"}]}', /a list of options/],
    ['{"ociVersion":"1","mounts":[{"destination":"/x","options":[1]}]}', /a list of options/],
    ['{"ociVersion":"1","mounts":[{"destination":"/x","type":5}]}', /texts for type and source/],
    ['{"ociVersion":"1","mounts":[{"destination":"/x","source":{}}]}', /texts for type and source/],
    ['{"ociVersion":"1","linux":{"namespaces":[{"type":"pid","path":5}]}}', /a text for the path/],
    ['{"ociVersion":"1","linux":{"resources":[]}}', /linux.resources is not an object/],
  ] as const) {
    it(`refuses ${text}`, () => fails(() => parseSpec(text, "x"), "invalid-argument", message));
  }
});
