import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { firstDependency, parsePackages } from "./packages.ts";

const stanzas = `Package: linux-image-cloud-amd64
Version: 6.1.192-2
Architecture: amd64
Depends: linux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2)
SHA256: 00be21c0
Description-en: Linux
 Version: not a field

Package: left-over
Status: install ok installed
Version: 1
Architecture: amd64

Package: erofs-utils
Version: 1.5-1
Architecture: amd64
SHA256: 11aa
`;

describe("packages", () => {
  it("are read from apt's stanzas, those that no list has left out", () => {
    const [kernel, tools, ...more] = parsePackages(stanzas);
    assert.equal(kernel?.version, "6.1.192-2");
    assert.deepEqual(tools, {
      ...{ name: "erofs-utils", version: "1.5-1", architecture: "amd64", sha256: "11aa", depends: "" },
    });
    assert.deepEqual(more, []);
  });

  it("that stand for another name it first", () => {
    const [kernel, tools] = parsePackages(stanzas);
    assert.ok(kernel !== undefined && tools !== undefined);
    assert.equal(firstDependency(kernel), "linux-image-6.1.0-56-cloud-amd64");
    assert.throws(() => firstDependency(tools), /erofs-utils depends on nothing/);
  });
});
