import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nearest } from "./nearest.ts";

const known = ["stack", "log_level", "runc.binary", "qemu.memory_mib", "qemu.max_memory_mib", "qemu.accel"];

describe("nearest", () => {
  for (const [name, meant] of [
    ["stcak", "stack"],
    ["log-level", "log_level"],
    ["LogLevel", "log_level"],
    ["memory_mib", "qemu.memory_mib"],
    ["qemu.memroy_mib", "qemu.memory_mib"],
    ["qemu.max_memory", "qemu.max_memory_mib"],
    ["qemu.acel", "qemu.accel"],
    ["vm.accel", undefined],
    ["cpus", undefined],
    ["", undefined],
    ["x".repeat(100_000), undefined],
  ] as const) {
    it(`finds ${meant} for ${name.slice(0, 20)}`, () => assert.equal(nearest(name, known), meant));
  }
});
