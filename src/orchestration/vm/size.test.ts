import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { isKind, ShimError } from "../../errors/shim-error.ts";
import type { GuestProcess } from "../../guestmanager/guest.ts";
import { readSavedSize, VmSize } from "./size.ts";

const MIB = 1024 * 1024;
const memory = (mebibytes: number) => ({ memory: { limit: mebibytes * MIB } });
const cpu = (quota: number, period = 100_000) => ({ cpu: { quota, period } });

describe("the size of a VM", () => {
  let calls: string[] = [];
  let warnings: string[] = [];
  let fault: ((call: string) => unknown) | undefined;
  let supported = true;
  let exitCode = 0;
  let size: VmSize;

  beforeEach(() => {
    [calls, warnings, fault, supported, exitCode] = [[], [], undefined, true, 0];
    const call = async (what: string): Promise<void> => {
      calls.push(what);
      await fault?.(what);
    };
    size = new VmSize(
      {
        limit: 50,
        warn: (message) => void warnings.push(message),
        uvm: {
          id: "p1",
          supported: () => supported,
          updateMemory: (mebibytes) => call(`memory ${mebibytes}`),
          updateProcessors: (count) => call(`processors ${count}`),
        },
        guest: {
          createProcess: async ({ commandArgs }) => {
            await call(commandArgs.join(" "));
            return { exitCode: Promise.resolve(exitCode) } as GuestProcess;
          },
          setProcessors: (count) => call(`guest processors ${count}`),
        },
      },
      { processors: 1, maxProcessors: 4, memoryMiB: 256, maxMemoryMiB: 1024 },
    );
  });

  const modprobe = "modprobe -a virtio_mem virtio_balloon";

  it("grows for limits that exceed it, the guest's drivers first and its processors last", async () => {
    await size.fit("c1", { ...memory(384), ...cpu(150_000) });
    assert.deepEqual(calls, [modprobe, "memory 512", "processors 2", "guest processors 2"]);
    const claims = { c1: { memory: 384 * MIB, quota: 150_000, period: 100_000 } };
    assert.deepEqual(size.save(), { processors: 2, maxProcessors: 4, memoryMiB: 512, maxMemoryMiB: 1024, claims });
    assert.deepEqual(readSavedSize(JSON.parse(JSON.stringify(size.save())), "size"), size.save());
  });

  it("has room for all containers together; one that is gone wants none, and what an update leaves out stays", async () => {
    await size.fit("c1", { ...memory(128), ...cpu(70_000) });
    await size.fit("c2", { ...memory(128), ...cpu(30_000) });
    assert.deepEqual(calls, [modprobe, "memory 384"]);
    await size.fit("c1", { cpu: { quota: 80_000 } });
    assert.deepEqual(calls.slice(2), ["processors 2", "guest processors 2"]);
    size.forget("c2");
    await size.fit("c3", memory(128));
    assert.equal(calls.length, 4);
    await size.fit("c1", memory(-1));
    await size.fit("c3", memory(256));
    assert.equal(calls.length, 4, "no limit is no claim");
    await size.fit("c4", memory(256));
    assert.deepEqual(calls.slice(4), [modprobe, "memory 640"]);
  });

  it("has room for what CRI says of the whole pod", async () => {
    const cri = "io.kubernetes.cri.sandbox-";
    const pod = { [`${cri}memory`]: String(512 * MIB), [`${cri}cpu-quota`]: "300000", [`${cri}cpu-period`]: "100000" };
    await size.fit("c1", memory(16), { ...pod, [`${cri}cpu-shares`]: "none" });
    assert.deepEqual(calls, [modprobe, "memory 640", "processors 3", "guest processors 3"]);
  });

  it("stays for what it has room for, for no limit, and where the stack cannot grow it", async () => {
    for (const limits of [
      {},
      memory(128),
      memory(-1),
      cpu(100_000),
      cpu(-1),
      { cpu: { shares: 512 }, pids: { limit: 5 } },
    ]) {
      await size.fit("c1", limits);
    }
    supported = false;
    await size.fit("c1", { ...memory(512), ...cpu(200_000) });
    assert.deepEqual(calls, []);
    assert.equal(size.save().memoryMiB, 256);
  });

  it("does not shrink, and grows to its maximum at most, which is told", async () => {
    await size.fit("c1", { ...memory(4096), ...cpu(900_000) });
    await size.fit("c1", { ...memory(64), ...cpu(50_000) });
    assert.deepEqual(calls, [modprobe, "memory 1024", "processors 4", "guest processors 4"]);
    assert.deepEqual(warnings, [
      "vm p1 grows to 1024 MiB of memory at most; 4224 are wanted",
      "vm p1 grows to 4 processors at most; 9 are wanted",
    ]);
  });

  it("grows for one after the other", async () => {
    let second: Promise<void> | undefined;
    fault = (call) => {
      if (call === "memory 640") second = size.fit("c2", memory(128));
    };
    await size.fit("c1", memory(512));
    await second;
    assert.deepEqual(
      calls.filter((call) => call !== modprobe),
      ["memory 640", "memory 768"],
    );
  });

  it("says what did not grow, and is tried again by the next update", async () => {
    fault = (call) => {
      if (call.startsWith("memory")) throw new ShimError("failed-precondition", "vm p1 has taken 2 of 256 MiB");
    };
    await assert.rejects(
      size.fit("c1", memory(384)),
      (error: Error) =>
        isKind(error, "failed-precondition") &&
        error.message === "vm p1 did not grow to 512 MiB of memory: vm p1 has taken 2 of 256 MiB",
    );
    fault = undefined;
    exitCode = 1;
    await assert.rejects(size.fit("c1", memory(384)), /did not grow to 512 MiB of memory: modprobe .* ended with 1/);
    exitCode = 0;
    fault = (call) => (call.startsWith("guest") ? new Promise(() => {}) : undefined);
    await assert.rejects(
      size.fit("c1", { ...memory(384), ...cpu(200_000) }),
      (error: Error) => isKind(error, "deadline-exceeded") && /vm p1 did not grow to 2 processors/.test(error.message),
    );
    assert.deepEqual([size.save().processors, size.save().memoryMiB], [1, 512]);
    fault = undefined;
    await size.fit("c1", cpu(200_000));
    assert.equal(size.save().processors, 2);
  });
});
