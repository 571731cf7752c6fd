import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBundleRecord, readDaemonRecord } from "../../../src/shim/records.ts";
import { readVmProcesses } from "../../../src/vmmanager/vm-processes.ts";
import { damageBody, damageBytes, either, untitled } from "../damage.ts";
import { damageJson } from "../damage-json.ts";
import type { Outcome, Target } from "../target.ts";

/** What the shim leaves on disk; the first line is the file's name. What is read has the type that it claims, or is not read. */
export function records(): Target {
  const directory = mkdtempSync(join(tmpdir(), "uvm-fuzz-"));
  const read: Record<string, () => boolean> = {
    "uvm-shim.json": () => checkBundle(readBundleRecord(directory)),
    "daemon.json": () => checkDaemon(readDaemonRecord(directory)),
    "vm-processes.json": () => checkProcesses(readVmProcesses(directory)),
  };
  return {
    name: "records",
    weight: 5,
    damage: damageBody(either(damageJson, damageJson, damageBytes)),
    run(input): Outcome {
      const { title, body } = untitled(input);
      const name = title in read ? title : "daemon.json";
      writeFileSync(join(directory, name), body);
      return read[name]?.() ? "ok" : "data-loss";
    },
    async close() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function checkBundle(record: ReturnType<typeof readBundleRecord>): boolean {
  if (record === undefined) return false;
  const { podId, stateDirectory, socketPath, settings } = record;
  assertTexts({ podId, stateDirectory, socketPath, run: settings.runDirectory, runc: settings.runc.binary });
  return true;
}

function checkDaemon(record: ReturnType<typeof readDaemonRecord>): boolean {
  if (record === undefined) return false;
  const { stack, socketPath, bundle, runcBinary = "", runcRoot = "" } = record;
  assertTexts({ stack, socketPath, bundle, runcBinary, runcRoot });
  assert.ok(record.pid > 1 && record.startTime >= 0n);
  return true;
}

function checkProcesses(processes: ReturnType<typeof readVmProcesses>): boolean {
  for (const { pid, startTime, what } of processes) {
    assert.ok(Number.isSafeInteger(pid) && pid > 1 && startTime >= 0n);
    assertTexts({ what });
  }
  return processes.length > 0;
}

function assertTexts(members: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(members)) assert.equal(typeof value, "string", name);
}
