import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { sha256Hex } from "./sha256.ts";

describe("sha256Hex", () => {
  it("agrees with node:crypto at every length around the block borders", () => {
    for (let length = 0; length < 300; length += 1) {
      const text = "/run/containerd/containerd.sock/ü".repeat(12).slice(0, length);
      assert.equal(sha256Hex(text), createHash("sha256").update(text).digest("hex"));
    }
  });
});
