import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { sha256Hex } from "#sha256";

describe("sha256Hex", () => {
  it("agrees with node:crypto, of text as UTF-8 and of bytes", () => {
    for (let length = 0; length < 300; length += 1) {
      const text = "/run/containerd/containerd.sock/ü".repeat(12).slice(0, length);
      const expected = createHash("sha256").update(text).digest("hex");
      assert.equal(sha256Hex(text), expected);
      assert.equal(sha256Hex(Buffer.from(text)), expected);
    }
  });
});
