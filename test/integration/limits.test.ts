import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Task as TaskV2 } from "../../src/generated/containerd/task/v2.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { itInVm } from "../harness/it-in-vm.ts";
import { socketPath } from "../harness/leftovers.ts";
import { useMachine } from "../harness/use-machine.ts";

const MIB = 1024 * 1024;

describe("limits of containers", () => {
  const machine = useMachine();

  async function update(id: string, limits: object, pod = id): Promise<void> {
    const { containerd, namespace } = machine();
    const client = await connect(socketPath(containerd.address, namespace, pod));
    const typeUrl = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources";
    const resources = { typeUrl, value: new TextEncoder().encode(JSON.stringify(limits)) };
    try {
      await client.service(TaskV2).update({ id, resources, annotations: new Map() });
    } finally {
      client.close();
    }
  }

  /** Writes that much memory in the container at once: 0, or 137 where it has no more. */
  async function fill(id: string, execId: string, mebibytes: number): Promise<number | null> {
    const dd = ["dd", "if=/dev/zero", "of=/dev/null", `bs=${mebibytes}M`, "count=1"];
    return (await machine().ctr.exec(id, execId, dd)).code;
  }

  it("Update of memory, processors and pids counts, and again when it is taken back", async () => {
    const { ctr } = machine();
    const id = machine().id("limits");
    const memory = (mebibytes: number) => ({ memory: { limit: mebibytes * MIB } });
    await ctr.runDetached(id, ["sleep", "1000"], ["--null-io", "--memory-limit", String(32 * MIB)]);
    assert.equal(await fill(id, "small", 64), 137);
    await update(id, { ...memory(96), cpu: { shares: 512, quota: 50_000, period: 100_000, cpus: "0" } });
    assert.equal(await fill(id, "grown", 64), 0);
    await update(id, memory(32));
    assert.equal(await fill(id, "shrunk", 64), 137);
    // Enough for runc's own threads on their way in.
    await update(id, { pids: { limit: 30 } });
    // They stay, without the exec's output, until the container ends: those of a slow machine would not meet otherwise.
    const forks = ["sh", "-c", "for i in $(seq 40); do sleep 1000 >/dev/null 2>&1 & done"];
    assert.match((await ctr.exec(id, "crowd", forks)).stderr, /can't fork|Resource temporarily unavailable/);
    await update(id, { pids: { limit: 150 } });
    assert.equal((await ctr.exec(id, "room", forks)).stderr, "");
    const metrics = await ctr.ok("tasks", "metrics", id);
    assert.match(metrics, new RegExp(`memory\\.(limit_in_bytes|usage_limit)\\s+${32 * MIB}\\b`));
    assert.match(metrics, /pids\.limit\s+150\b/);
    await ctr.remove(id);
  });

  itInVm("those of a later container make its pod's VM grow: what it was promised is there, and no more", async () => {
    const { ctr } = machine();
    const [pod, id] = [machine().id("pod"), machine().id("member")];
    const guest = async (execId: string): Promise<number[]> => {
      const script = "grep -c ^processor /proc/cpuinfo; sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo";
      return (await ctr.exec(pod, execId, ["sh", "-c", script])).stdout.trim().split("\n").map(Number);
    };
    await ctr.runDetached(pod, ["sleep", "1000"]);
    const [processors = 0, before = 0] = await guest("before");
    assert.equal(processors, 1);
    const inPod = ["--null-io", "--annotation", `io.kubernetes.cri.sandbox-id=${pod}`];
    await ctr.runDetached(id, ["sleep", "1000"], [...inPod, "--memory-limit", String(384 * MIB), "--cpus", "2"]);
    const [more, after = 0] = await guest("after");
    assert.equal(more, 2);
    // 256 MiB have become 512.
    assert.ok(after - before >= 250 * 1024, `${before} and ${after} KiB`);
    assert.equal(await fill(id, "promised", 320), 0);
    assert.equal(await fill(id, "beyond", 448), 137);
    await update(id, { unified: { "memory.high": String(128 * MIB) } }, pod);
    // The VM cannot be that big: the container's limit holds all the same.
    await update(id, { memory: { limit: 8192 * MIB } }, pod);
    assert.match(await ctr.ok("tasks", "metrics", id), new RegExp(`memory\\.usage_limit\\s+${8192 * MIB}\\b`));
    await ctr.remove(id);
    await ctr.remove(pod);
  });
});
