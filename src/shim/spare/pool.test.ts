import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { startTime } from "../../sys/process.ts";
import { claim, isClaimed, listSpares, makePool, nameOf, removeSpare } from "./pool.ts";

const address = "/run/containerd/containerd.sock";
let dir = "";
let root = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "uvm-spares-"));
  root = join(dir, "spares");
  makePool(root);
});
afterEach(() => rmSync(dir, { recursive: true }));

function lay(pid: number, started: bigint): string {
  const directory = join(root, nameOf(address, pid));
  mkdirSync(directory);
  writeFileSync(join(directory, "started"), String(started));
  return directory;
}

describe("the place of spare daemons", () => {
  it("gives a spare to one claimer", () => {
    const directory = lay(process.pid, 1n);
    assert.equal(isClaimed(directory), false);
    assert.deepEqual([claim(directory), claim(directory), isClaimed(directory)], [true, false, true]);
    removeSpare(directory, root);
    assert.throws(() => claim(directory), { code: "ENOENT" });
  });

  it("tells the living from the dead, whose pid another may have", () => {
    const own = startTime(process.pid) ?? 0n;
    const directory = lay(process.pid, own);
    const spare = { directory, pid: process.pid, pool: "_run_containerd_containerd.sock" };
    writeFileSync(join(root, ".unready"), "");
    assert.deepEqual(listSpares(root), [{ ...spare, alive: true }]);
    writeFileSync(join(directory, "started"), String(own + 1n));
    assert.deepEqual(listSpares(root), [{ ...spare, alive: false }]);
    rmSync(join(directory, "started"));
    assert.deepEqual(listSpares(root), [{ ...spare, alive: false }]);
  });

  it("goes with the last spare", () => {
    const [first, second] = [lay(1, 0n), lay(2, 0n)];
    removeSpare(first, root);
    assert.ok(existsSync(second));
    removeSpare(second, root);
    assert.ok(!existsSync(root));
    assert.deepEqual(listSpares(root), []);
  });
});
