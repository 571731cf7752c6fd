import assert from "node:assert/strict";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { until } from "../../../test/harness/until.ts";
import { claim, listSpares } from "./pool.ts";
import { waitForRequest } from "./waiting.ts";

let dir = "";
let root = "";
let file = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "uvm-waiting-"));
  root = join(dir, "spares");
  file = join(dir, "config.toml");
  writeFileSync(file, "");
});
afterEach(() => rmSync(dir, { recursive: true }));

function waiting(idleSeconds = 600) {
  const options = { address: "/c.sock", count: 1, idleSeconds, files: [file], stack: "local" };
  return waitForRequest(options, { root, lookMs: 20 });
}

async function place(): Promise<string> {
  await until("the spare's place", () => listSpares(root).length === 1);
  return join(root, `_c.sock@${process.pid}`);
}

describe("a spare daemon that waits", () => {
  it("hears the pids of who claims it", async () => {
    const request = waiting();
    const directory = await place();
    assert.equal(claim(directory), true);
    const fd = openSync(join(directory, "request"), "r+");
    writeSync(fd, "17 18\n");
    const { answer, ...heard } = (await request) ?? assert.fail("no request");
    assert.deepEqual(heard, { launcherPid: 17, containerdPid: 18, directory });
    closeSync(answer);
    closeSync(fd);
  });

  it("ends where enough wait", async () => {
    const first = waiting();
    const directory = await place();
    assert.equal(await waiting(), undefined);
    assert.ok(existsSync(directory));
    rmSync(directory, { recursive: true });
    assert.equal(await first, undefined);
  });

  for (const [what, change] of [
    ["its place is gone", (directory: string) => rmSync(directory, { recursive: true })],
    ["its configuration is another", () => writeFileSync(file, "spare_daemons = 0\n")],
    ["its configuration is gone", () => rmSync(file)],
    ["it is told to", () => process.kill(process.pid, "SIGTERM")],
    ["who claims it never asks, and its time is over", (directory: string) => claim(directory) && rmSync(file)],
  ] as const) {
    it(`ends when ${what}, and leaves nothing`, async () => {
      const request = waiting();
      change(await place());
      assert.equal(await request, undefined);
      assert.ok(!existsSync(root));
    });
  }

  it("ends after its time", async () => {
    assert.equal(await waiting(0.02), undefined);
    assert.ok(!existsSync(root));
  });
});
