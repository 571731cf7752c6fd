import assert from "node:assert/strict";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { LivePod } from "../../../test/harness/live-pod.ts";
import { until } from "../../../test/harness/until.ts";
import { useReaper } from "../../../test/harness/use-reaper.ts";
import { isKind } from "../../errors/shim-error.ts";
import { notLive } from "../../gcs/runtime/live-guest.ts";
import type { SpecNamespace } from "../../oci/spec.ts";
import { makeNetworkNamespace, removeNetworkNamespace } from "../../sys/network-namespace.ts";

const rpc = { signal: new AbortController().signal };
const init = (id: string): { id: string; execId: string } => ({ id, execId: "" });

/** As CRI's, which names the namespaces of the process that it takes for the sandbox's. */
const shared: readonly SpecNamespace[] = ["network", "ipc", "uts", "pid"].map((type) => {
  return { type, path: `/proc/${process.pid}/ns/${type === "network" ? "net" : type}` };
});
const config = {
  hostname: "a-pod",
  dns: { servers: [], searches: [], options: [] },
  cgroupParent: "",
  sysctls: { "net.core.somaxconn": "777", "kernel.shmmax": "4242" },
};
const look = [
  "cd /proc/sys; cat kernel/hostname net/core/somaxconn kernel/shmmax",
  "cat /dev/shm/mark || echo unmarked",
  "cat /proc/[0-9]*/cmdline",
].join("; ");

describe("a sandbox of the local stack with real runc", { skip: notLive() ?? false }, () => {
  const reaper = useReaper();

  it("shares its namespaces with the members that ask for them, keeps them between members, and leaves nothing", async () => {
    const l = new LivePod(reaper);
    const network = join(l.directory, "netns");
    const run = async (id: string, script: string, namespaces: readonly SpecNamespace[]): Promise<string> => {
      await l.pod.create(l.request(id, script, false, namespaces), rpc);
      await l.pod.start(init(id), rpc);
      await l.pod.wait(init(id), rpc);
      await l.pod.delete(init(id), rpc);
      return l.output(id);
    };
    try {
      makeNetworkNamespace(network);
      const sandbox = { id: "p1", bundle: l.directory, networkNamespace: network, annotations: {}, config };
      assert.deepEqual(await l.pod.hold(sandbox, () => assert.fail("lost")), { pid: process.pid });
      assert.deepEqual(await l.pod.metrics(rpc), { v2: {} });

      await run("marker", "echo marked >/dev/shm/mark", shared);
      await l.pod.create(l.request("server", "sleep 1111", false, shared), rpc);
      await l.pod.start(init("server"), rpc);
      const seen = await run("member", look, shared);
      assert.match(seen, /^a-pod\n777\n4242\nmarked\n/);
      assert.match(seen, /sleep\0?1111/);
      const alone = await run("stranger", look, []);
      assert.doesNotMatch(alone, /a-pod|777|4242|\nmarked|1111/);

      const { taskPid } = l.pod.connect("server");
      for (const [file, own] of [
        ["net", readlinkSync(`/proc/${process.pid}/ns/net`)],
        ["ipc", readlinkSync(`/proc/${process.pid}/ns/ipc`)],
      ] as const) {
        assert.notEqual(readlinkSync(`/proc/${taskPid}/ns/${file}`), own);
      }
      const { v1, v2 } = await l.pod.metrics(rpc);
      assert.ok(
        JSON.stringify(v1 ?? v2, (_, value) => (typeof value === "bigint" ? Number(value) : value)).length > 10,
      );

      const pod = join(l.directory, "state/pod");
      assert.deepEqual(readdirSync(pod).sort(), ["hostname", "hosts", "ipc", "resolv.conf", "shm", "uts"]);
      await l.pod.letGo();
      await assert.rejects(l.pod.metrics(rpc), (error) => isKind(error, "failed-precondition"));
      await until("the server has ended with its pod", () => !existsSync(`/proc/${taskPid}`));
      assert.equal(existsSync(pod), false);
    } catch (failure) {
      await l.pod.letGo();
      await l.close().catch(() => {});
      throw failure;
    } finally {
      removeNetworkNamespace(network);
    }
    await l.close();
  });
});
