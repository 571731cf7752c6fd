import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { isAlive } from "../../../sys/process.ts";
import { findProgram } from "../../find-program.ts";
import { readVmProcesses } from "../../vm-processes.ts";
import { launchService } from "./launch.ts";

const stateDirectory = mkdtempSync(join(tmpdir(), "uvm-launch-"));
const setpriv = findProgram("setpriv", "install util-linux");

/** `script`: what stands in for a service; $2 is "path=SOCKET". */
function service(script: string) {
  const binary = join(stateDirectory, "service");
  writeFileSync(binary, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const socketPath = join(stateDirectory, "s");
  return { uvm: { id: "v1", stateDirectory }, binary, setpriv, arguments: ["more"], socketPath };
}

describe("the process of a VM's service", {
  timeout: 60_000,
  skip: process.getuid?.() === 0 ? false : "needs root",
}, () => {
  after(() => rmSync(stateDirectory, { recursive: true }));

  it("that does not start is told with its last words, and is in the record of the VM's processes", async () => {
    const starting = launchService(service('echo "no hypervisor: $1 $2 $3" >&2; exit 3'));
    const [recorded] = readVmProcesses(stateDirectory);
    assert.equal(recorded?.what, "vmservice");
    await assert.rejects(starting, {
      kind: "unavailable",
      message: new RegExp(`did not start \\(code 3\\): no hypervisor: --rpc path=${stateDirectory}/s more$`),
    });
  });

  it("is killed with the call that waits for it", async () => {
    const leave = new AbortController();
    const starting = launchService(service("exec sleep 600"), { signal: leave.signal });
    leave.abort(new Error("left"));
    const [sleeping] = readVmProcesses(stateDirectory);
    await assert.rejects(starting, { message: "left" });
    assert.ok(sleeping !== undefined && !isAlive(sleeping.pid, sleeping.startTime));
  });

  it("knows nothing of our environment", async () => {
    const seen = join(stateDirectory, "seen");
    await assert.rejects(launchService(service(`env > ${seen}; exit 1`)));
    const names = readFileSync(seen, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => line.split("=")[0]);
    assert.deepEqual(
      names.filter((name) => !["PATH", "PWD", "SHLVL", "_", "OLDPWD"].includes(name ?? "")),
      [],
    );
  });
});
