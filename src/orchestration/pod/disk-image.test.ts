import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { checkImage, packDisk, unpackDisk } from "./disk-image.ts";

const { signal } = new AbortController();
const MIB = 1 << 20;

describe("a disk's image", () => {
  let directory = "";
  const at = (name: string): string => join(directory, name);
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "uvm-disk-image-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  async function disk(name: string, bytes: number, pieces: Record<number, string>): Promise<string> {
    writeFileSync(at(name), "");
    truncateSync(at(name), bytes);
    const file = await open(at(name), "r+");
    for (const [offset, text] of Object.entries(pieces)) await file.write(text, Number(offset));
    await file.close();
    return at(name);
  }

  it("has what is in the disk and neither holes nor zeros, and gives another disk just that", async () => {
    const size = 300 * MIB + 4096;
    const content = { 0: "first", [64 * 1024]: "next to it", [200 * MIB + 5]: "far", [size - 4]: "last" };
    const from = await disk("from", size, { ...content, [10 * MIB]: "\0".repeat(MIB) });
    const image = await packDisk(from, at("file"), signal);
    assert.equal(image.bytes, size);
    const length = image.pieces.reduce((sum, piece) => sum + piece.length, 0);
    assert.ok(length <= 200 * 1024, `${length} bytes for three places`);
    assert.equal(statSync(at("file")).size, length);
    assert.equal(statSync(at("file")).mode & 0o777, 0o600);
    const to = await disk("to", size, { [5 * MIB]: "of another life", [200 * MIB]: "this too" });
    await checkImage(image, at("file"), to);
    await unpackDisk(image, at("file"), to, signal);
    assert.ok(readFileSync(to).equals(readFileSync(from)));
    assert.ok(statSync(to).blocks * 512 < MIB, "it is sparse again");
  });

  it("is nothing for an empty disk, and empties another", async () => {
    const image = await packDisk(await disk("from", MIB, {}), at("file"), signal);
    assert.deepEqual(image, { bytes: MIB, pieces: [] });
    const to = await disk("to", MIB, { 7: "left" });
    await checkImage(image, at("file"), to);
    await unpackDisk(image, at("file"), to, signal);
    assert.ok(readFileSync(to).equals(Buffer.alloc(MIB)));
  });

  it("is refused where file, pieces or disk are of another size", async () => {
    const to = await disk("to", MIB, { 7: "left" });
    const image = await packDisk(await disk("from", MIB, { 0: "x" }), at("file"), signal);
    const [piece] = image.pieces;
    assert.ok(piece);
    for (const pieces of [
      [piece, piece],
      [{ ...piece, offset: MIB - 1 }],
      [{ offset: 0, length: 0 }, piece],
      [{ ...piece, length: piece.length - 1 }],
      [],
    ]) {
      await assert.rejects(checkImage({ ...image, pieces }, at("file"), to), { kind: "data-loss" });
    }
    await assert.rejects(checkImage({ ...image, bytes: 2 * MIB }, at("file"), to), {
      kind: "failed-precondition",
      message: /has 1048576 bytes, the checkpoint's has 2097152/,
    });
    await assert.rejects(packDisk(to, at("file"), signal), /EEXIST/);
    assert.equal(readFileSync(to).toString("utf8", 7, 11), "left");
  });

  it("ends when it is told to", async () => {
    const from = await disk("from", MIB, { 0: "x" });
    const over = AbortSignal.abort(new Error("no more"));
    await assert.rejects(packDisk(from, at("file"), over), /no more/);
  });
});
