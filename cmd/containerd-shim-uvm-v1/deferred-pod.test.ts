import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isKind } from "../../src/errors/shim-error.ts";
import type { PodController } from "../../src/orchestration/pod/controller.ts";
import { DeferredPod } from "./deferred-pod.ts";

const rpc = { signal: new AbortController().signal };
const request = {
  ...{ id: "c", bundle: "/b", rootfs: [], terminal: false },
  ...{ stdin: "", stdout: "", stderr: "", checkpoint: "" },
};

/** Only what the tests call. */
function standIn(calls: string[]): PodController {
  const pod: Pick<PodController, "create" | "kill" | "busy" | "connect" | "close"> = {
    create: async ({ id }) => {
      calls.push(`create ${id}`);
      return { pid: 7 };
    },
    kill: async ({ id }, signal, all) => {
      calls.push(`kill ${id} ${signal} ${all}`);
    },
    busy: () => calls.length > 0,
    connect: () => ({ taskPid: 7 }),
    close: async () => {
      calls.push("close");
    },
  };
  return pod as PodController;
}

describe("DeferredPod", () => {
  it("holds nothing before it is loaded", async () => {
    const pod = new DeferredPod(() => assert.fail("loaded"));
    assert.equal(pod.busy(), false);
    assert.deepEqual(pod.connect("c"), { taskPid: 0 });
    assert.throws(
      () => pod.state({ id: "c", execId: "" }),
      (error) => isKind(error, "not-found"),
    );
    await pod.close();
  });

  it("loads once, lets calls wait for it, and is busy meanwhile", async () => {
    const calls: string[] = [];
    let loads = 0;
    let loaded: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      loaded = resolve;
    });
    const pod = new DeferredPod(async () => {
      loads += 1;
      await gate;
      return standIn(calls);
    });
    const created = pod.create(request, rpc);
    const killed = pod.kill({ id: "c", execId: "" }, 9, true, rpc);
    assert.equal(pod.busy(), true);
    assert.deepEqual(calls, []);
    loaded();
    assert.deepEqual(await created, { pid: 7 });
    await killed;
    assert.deepEqual([loads, calls], [1, ["create c", "kill c 9 true"]]);
    assert.deepEqual([pod.connect("c"), pod.busy()], [{ taskPid: 7 }, true]);
    await pod.close();
    assert.equal(calls.at(-1), "close");
  });

  it("fails the calls, and holds nothing, where it can't be loaded", async () => {
    const pod = new DeferredPod(() => Promise.reject(new Error("no such module")));
    await assert.rejects(pod.create(request, rpc), /no such module/);
    assert.equal(pod.busy(), false);
  });
});
