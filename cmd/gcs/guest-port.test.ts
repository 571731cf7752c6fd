import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { findPort } from "./guest-port.ts";

describe("findPort", () => {
  it("finds the device by the name of the port", () => {
    const ports = mkdtempSync(join(tmpdir(), "gcs-ports-"));
    try {
      assert.equal(findPort("gcs", join(ports, "none")), undefined);
      for (const [device, name] of [
        ["vport0p1", "console\n"],
        ["vport0p2", "gcs\n"],
      ] as const) {
        mkdirSync(join(ports, device));
        writeFileSync(join(ports, device, "name"), name);
      }
      mkdirSync(join(ports, "vport0p0"));
      assert.equal(findPort("gcs", ports), "vport0p2");
      assert.equal(findPort("gc", ports), undefined);
    } finally {
      rmSync(ports, { recursive: true });
    }
  });
});
