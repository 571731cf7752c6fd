import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v1 from "../../../src/generated/io/containerd/cgroups/v1.ts";
import * as v2 from "../../../src/generated/io/containerd/cgroups/v2.ts";
import { startTime } from "../../../src/sys/process.ts";
import { usageOfMetrics } from "./container-usage.ts";
import { ageOf, usageOf } from "./host-usage.ts";
import type { PodView } from "./inspect.ts";
import { loadsBetween } from "./load.ts";
import { ageText, bytesText } from "./quantities.ts";

function pod(name: string, cpuSeconds: number, containerSeconds: number, pid = 7): PodView {
  const usage = { cpuSeconds: containerSeconds, memoryBytes: 10, pids: 3 };
  return {
    ...{ namespace: "ns", pod: name, stack: "qemu", pid, ageSeconds: 5 },
    ...{ host: { cpuSeconds, memoryBytes: 100, processes: 2 }, total: { cpuSeconds, memoryBytes: 100 } },
    containers: [
      { id: "c", status: "running", pid: 8, usage, execs: [] },
      { id: "ended", status: "stopped", pid: 9, execs: [] },
    ],
  };
}

describe("the loads between two looks", () => {
  it("are shares of a processor, of pods and of the containers that tell, the busiest pod first", () => {
    const loads = loadsBetween([pod("a", 1, 1), pod("b", 10, 5)], [pod("a", 1.5, 1.2), pod("b", 14, 8)], 2);
    assert.deepEqual(
      loads.map(({ pod, container, cpuPercent, pids }) => [pod, container, cpuPercent, pids]),
      [
        ["ns/b", "", 200, 3],
        ["ns/b", "c", 150, 3],
        ["ns/a", "", 25, 3],
        ["ns/a", "c", 10, 3],
      ],
    );
  });

  it("are nothing for what was not there before, or is another by the same name", () => {
    const cpu = (before: PodView[]) => loadsBetween(before, [pod("a", 5, 5)], 1).map(({ cpuPercent }) => cpuPercent);
    assert.deepEqual(cpu([]), [0, 0]);
    assert.deepEqual(cpu([pod("a", 1, 1, 6)]), [0, 0]);
    assert.deepEqual(cpu([pod("a", 9, 9)]), [0, 0], "a counter that began anew");
  });
});

describe("what is used", () => {
  it("is read of both kinds of cgroups, and of no other", () => {
    const two = v2.Metrics.create();
    Object.assign(two, { cpu: { ...v2.CPUStat.create(), usageUsec: 1_500_000n }, pids: { current: 4n, limit: 0n } });
    Object.assign(two, { memory: { ...v2.MemoryStat.create(), usage: 4096n } });
    const expected = { cpuSeconds: 1.5, memoryBytes: 4096, pids: 4 };
    assert.deepEqual(usageOfMetrics({ typeUrl: v2.Metrics.typeName, value: v2.Metrics.encode(two) }), expected);
    const one = v1.Metrics.create();
    Object.assign(one, { cpu: { usage: { ...v1.CPUUsage.create(), total: 1_500_000_000n } }, pids: two.pids });
    Object.assign(one, { memory: { ...v1.MemoryStat.create(), usage: { ...v1.MemoryEntry.create(), usage: 4096n } } });
    const typeUrl = `type.googleapis.com/${v1.Metrics.typeName}`;
    assert.deepEqual(usageOfMetrics({ typeUrl, value: v1.Metrics.encode(one) }), expected);
    assert.equal(usageOfMetrics({ typeUrl: "other", value: new Uint8Array() }), undefined);
  });

  it("by processes of this host is theirs alone while they are who they were", () => {
    const startedAt = startTime(process.pid) ?? 0n;
    const own = usageOf([{ pid: process.pid, startTime: startedAt }]);
    assert.ok(own.processes === 1 && own.memoryBytes > 1e6, JSON.stringify(own));
    assert.ok(ageOf(startedAt) >= 0 && ageOf(startedAt) < 86_400);
    assert.deepEqual(usageOf([{ pid: process.pid, startTime: 1n }]), { cpuSeconds: 0, memoryBytes: 0, processes: 0 });
  });
});

describe("quantities", () => {
  it("are told in units for people", () => {
    assert.deepEqual([0, 1023, 1536, 10 * 2 ** 20, 2 ** 60].map(bytesText), [
      "0 B",
      "1023 B",
      "1.5 KiB",
      "10 MiB",
      "1048576 TiB",
    ]);
    assert.deepEqual([0, 59, 60, 3725, 90_000].map(ageText), ["0s", "59s", "1m", "1h 2m", "1d 1h"]);
  });
});
