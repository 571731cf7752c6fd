import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type CpioEntry, writeCpio } from "./cpio.ts";

const entries: readonly CpioEntry[] = [
  { kind: "directory", path: "bin", mode: 0o755 },
  { kind: "file", path: "bin/odd", mode: 0o750, data: Buffer.from("12345") },
  { kind: "file", path: "empty", mode: 0o644, data: Buffer.alloc(0) },
];

describe("writeCpio", () => {
  it("writes what busybox unpacks: contents, modes, times", () => {
    const directory = mkdtempSync(join(tmpdir(), "uvm-cpio-"));
    try {
      execFileSync("busybox", ["cpio", "-idm"], { cwd: directory, input: writeCpio(entries), stdio: "pipe" });
      assert.equal(readFileSync(join(directory, "bin/odd"), "utf8"), "12345");
      assert.equal(readFileSync(join(directory, "empty"), "utf8"), "");
      const stat = statSync(join(directory, "bin/odd"));
      assert.equal(stat.mode & 0o7777, 0o750);
      assert.equal(stat.mtimeMs, 0);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("writes each member as a header of 110 bytes, its name and its data, each padded to four", () => {
    const archive = writeCpio([{ kind: "character-device", path: "dev/console", mode: 0o600, device: [5, 1] }]);
    const fields = archive
      .toString("latin1", 6, 110)
      .match(/.{8}/g)
      ?.map((field) => Number.parseInt(field, 16));
    assert.equal(archive.toString("latin1", 0, 6), "070701");
    assert.deepEqual(fields, [1, 0o020600, 0, 0, 1, 0, 0, 0, 0, 5, 1, 12, 0]);
    assert.equal(archive.toString("latin1", 110, 124), "dev/console\0\0\0");
    assert.equal(archive.toString("latin1", 124, 130), "070701");
    assert.match(archive.toString("latin1", 130), /TRAILER!!!\0+$/);
    assert.equal(archive.length % 4, 0);
  });

  it("makes the same bytes of the same entries", () => {
    assert.ok(writeCpio(entries).equals(writeCpio(structuredClone(entries))));
  });
});
