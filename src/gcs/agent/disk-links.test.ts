import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { linkDisks } from "./disk-links.ts";

describe("the links to disks", () => {
  it("have the serial of each that has one", () => {
    const root = mkdtempSync(join(tmpdir(), "agent-disks-"));
    try {
      const [devices, links] = [join(root, "block"), join(root, "by-id")];
      for (const [device, serial] of [
        ["vda", ""],
        ["vdb", "data-1\n"],
        ["vdc", "../../../etc"],
        ["loop0", undefined],
      ] as const) {
        mkdirSync(join(devices, device), { recursive: true });
        if (serial !== undefined) writeFileSync(join(devices, device, "serial"), serial);
      }
      linkDisks({ devices, links });
      linkDisks({ devices, links });
      assert.deepEqual(readdirSync(links), ["virtio-data-1"]);
      assert.equal(readlinkSync(join(links, "virtio-data-1")), "../../vdb");
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
