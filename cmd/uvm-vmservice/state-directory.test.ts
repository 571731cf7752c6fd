import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { runtime } from "#runtime";
import { addVmProcess } from "../../src/vmmanager/vm-processes.ts";
import { freshStateDirectory } from "./state-directory.ts";

describe("the state directory of uvm-vmservice", { timeout: 60_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), "uvm-state-"));
  after(() => rmSync(root, { recursive: true }));

  it("is made, and goes with the server", async () => {
    const directory = join(root, "a/b");
    const remove = await freshStateDirectory(directory);
    assert.deepEqual(readdirSync(directory), []);
    remove();
    remove();
    assert.equal(existsSync(directory), false);
  });

  it("is taken over from a server that was killed, whose VM is ended", async () => {
    const directory = join(root, "left");
    await freshStateDirectory(directory);
    const child = runtime.spawn(["sleep", "600"]);
    addVmProcess(directory, { pid: child.pid, what: "qemu" });
    writeFileSync(join(directory, "vpmem-0"), "");
    await freshStateDirectory(directory);
    assert.equal((await child.exited).signal, 9);
    assert.deepEqual(readdirSync(directory), []);
  });

  it("is never one that holds something else", async () => {
    const directory = join(root, "mine");
    await freshStateDirectory(directory);
    writeFileSync(join(directory, "thesis"), "");
    await assert.rejects(freshStateDirectory(directory), { kind: "failed-precondition", message: /is not empty/ });
    assert.deepEqual(readdirSync(directory), ["thesis"]);
  });
});
