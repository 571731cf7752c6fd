import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import { sizeUvm } from "./sizing.ts";

const configured = { processors: 1, maxProcessors: 4, memoryMiB: 256, maxMemoryMiB: 4096 };
const cri = "io.kubernetes.cri.sandbox-";
const topology = "io.microsoft.virtualmachine.computetopology.";
const GIB = 1024 ** 3;

const host = { pod: "web", hostProcessors: 8, hostMemoryMiB: 16_384 };

function size(annotations: Record<string, string>, resources: Record<string, unknown> = {}) {
  const warnings: string[] = [];
  const spec = { annotations, linux: { resources } };
  const sizing = sizeUvm({ configured, spec, ...host, warn: (message) => warnings.push(message) });
  return { sizing, warnings };
}

describe("sizeUvm", () => {
  it("is the configuration where nobody asks for more", () => {
    assert.deepEqual(size({}), { sizing: configured, warnings: [] });
    assert.deepEqual(sizeUvm({ configured, spec: {}, ...host, warn: assert.fail }), configured);
  });

  it("grows by CRI's hints: memory over the guest's own need, processors rounded up", () => {
    const hints = { [`${cri}memory`]: `${GIB}`, [`${cri}cpu-period`]: "100000", [`${cri}cpu-quota`]: "250000" };
    assert.deepEqual(size(hints).sizing, { ...configured, processors: 3, memoryMiB: 1024 + 128 });
    const nothing = { [`${cri}memory`]: "0", [`${cri}cpu-quota`]: "0", [`${cri}cpu-period`]: "0" };
    assert.deepEqual(size(nothing), { sizing: configured, warnings: [] });
    assert.deepEqual(size({ [`${cri}memory`]: "1048576", [`${cri}cpu-quota`]: "-1" }).sizing, configured);
  });

  it("counts shares where there is no quota, as those of a whole processor", () => {
    assert.equal(size({ [`${cri}cpu-shares`]: "2" }).sizing.processors, 1);
    assert.equal(size({ [`${cri}cpu-shares`]: "2560" }).sizing.processors, 3);
    const both = { [`${cri}cpu-shares`]: "4096", [`${cri}cpu-period`]: "100000", [`${cri}cpu-quota`]: "200000" };
    assert.equal(size(both).sizing.processors, 2);
  });

  it("grows by a container's own limits, of any width", () => {
    const { sizing } = size({}, { memory: { limit: 512 * 1024 * 1024 }, cpu: { period: 100_000n, quota: 200_000 } });
    assert.deepEqual(sizing, { ...configured, processors: 2, memoryMiB: 640 });
    assert.deepEqual(size({}, { memory: { limit: 64 * 1024 * 1024 } }).sizing, configured);
    assert.deepEqual(size({}, { memory: { limit: -1 }, cpu: { quota: -1, period: 100_000 } }).sizing, configured);
    assert.deepEqual(size({}, { memory: "much", cpu: null }).sizing, configured);
  });

  it("does as the annotations say, over all else, and lets the maxima follow", () => {
    const annotations = {
      ...{ [`${topology}processor.count`]: "6", [`${topology}memory.sizeinmb`]: "8192" },
      ...{ [`${cri}memory`]: `${GIB}`, [`${cri}cpu-shares`]: "2048" },
    };
    assert.deepEqual(size(annotations).sizing, {
      ...{ processors: 6, maxProcessors: 6, memoryMiB: 8192, maxMemoryMiB: 8192 },
    });
    assert.equal(size({ [`${topology}memory.sizeinmb`]: "200" }).sizing.memoryMiB, 200);
  });

  it("passes over what is no number, with a warning that names it", () => {
    for (const text of ["two", "1.5", "0x10", "-1", "0", "99999999999999999999"]) {
      const { sizing, warnings } = size({ [`${topology}processor.count`]: text });
      assert.deepEqual(sizing, configured, text);
      assert.equal(warnings.length, 1, text);
      assert.match(warnings[0] ?? "", /processor\.count of pod web is /);
    }
  });

  it("gives no more processors than the host has, and says so", () => {
    const { sizing, warnings } = size({ [`${topology}processor.count`]: "64" });
    assert.equal(sizing.processors, 8);
    assert.match(warnings[0] ?? "", /8 processors instead of 64/);
  });

  it("gives no more memory than the host has, and says so", () => {
    const { sizing, warnings } = size({ [`${topology}memory.sizeinmb`]: "900000" });
    assert.equal(sizing.memoryMiB, 16_384);
    assert.match(warnings[0] ?? "", /16384 MiB instead of 900000/);
    assert.equal(size({}, { memory: { limit: 1024 * GIB } }).sizing.memoryMiB, 16_384);
    assert.equal(sizeUvm({ configured, spec: {}, ...host, hostMemoryMiB: 1, warn: assert.fail }).memoryMiB, 256);
  });

  it("refuses memory that no guest boots in", () => {
    assert.throws(
      () => size({ [`${topology}memory.sizeinmb`]: "64" }),
      (error) => isKind(error, "invalid-argument") && /of pod web .* at least 128/.test(String(error)),
    );
  });
});
