import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { startTime } from "../sys/process.ts";
import { killVmProcesses, readVmProcesses, writeVmProcesses } from "./vm-processes.ts";

const patience = () => ({ signal: AbortSignal.timeout(60_000) });

describe("the record of a VM's processes", () => {
  let dir = "";
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "vm-processes-"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it("is read as it was written, and nobody else may read it", () => {
    const processes = [
      { pid: 42, startTime: 9_007_199_254_740_993n, what: "qemu" },
      { pid: 43, startTime: 7n, what: "virtiofsd" },
    ];
    writeVmProcesses(dir, processes);
    assert.deepEqual(readVmProcesses(dir), processes);
    assert.deepEqual(readdirSync(dir), ["vm-processes.json"]);
    assert.equal(statSync(join(dir, "vm-processes.json")).mode & 0o777, 0o600);
  });

  it("has no process where it is not there, is damaged, or names one that is not to be killed", () => {
    assert.deepEqual(readVmProcesses(dir), []);
    const text = [
      '[{"pid":4',
      '{"pid":42,"startTime":"1"}',
      '[{"pid":1,"startTime":"1"},{"pid":-1,"startTime":"1"},{"pid":0,"startTime":"1"},{"pid":1.5,"startTime":"1"}]',
      '[{"pid":42},{"pid":42,"startTime":"x"},{"pid":42,"startTime":1},null,7]',
    ];
    for (const each of text) {
      writeFileSync(join(dir, "vm-processes.json"), each);
      assert.deepEqual(readVmProcesses(dir), [], each);
    }
  });

  it("kills those that run, and nobody who has got the pid since", async () => {
    const [victim, bystander] = [spawn("sleep", ["1000"]), spawn("sleep", ["1000"])];
    const ended = new Promise((resolve) => victim.on("exit", (_, signal) => resolve(signal)));
    try {
      const [mine, other] = [victim.pid ?? 0, bystander.pid ?? 0];
      writeVmProcesses(dir, [
        { pid: mine, startTime: startTime(mine) ?? 0n, what: "qemu" },
        { pid: other, startTime: (startTime(other) ?? 0n) - 1n, what: "virtiofsd" },
      ]);
      assert.deepEqual(
        (await killVmProcesses(dir, patience())).map(({ pid }) => pid),
        [mine],
      );
      assert.equal(await ended, "SIGKILL");
      assert.equal(bystander.exitCode ?? bystander.signalCode, null);
      assert.deepEqual(await killVmProcesses(dir, patience()), []);
    } finally {
      victim.kill("SIGKILL");
      bystander.kill("SIGKILL");
    }
  });
});
