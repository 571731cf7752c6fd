import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { cgroupOf, oomCounterDirectory } from "../../src/sys/cgroup.ts";
import { watchEvents } from "../harness/events.ts";
import { itInVm } from "../harness/it-in-vm.ts";
import { until } from "../harness/until.ts";
import { useMachine } from "../harness/use-machine.ts";

const MIB = 1024 * 1024;
/** Of the containers here. */
const LIMIT = ["--memory-limit", String(24 * MIB)];
/** Three times as much, written into at once. */
const EAT = "dd if=/dev/zero of=/dev/null bs=72M count=1 2>/dev/null";

describe("memory that runs out in a container", () => {
  const machine = useMachine();

  it("is told before the exit of its init, which is 137", async () => {
    const { ctr } = machine();
    const events = await watchEvents(ctr);
    const id = machine().id("oom-init");
    await ctr.runDetached(id, ["sh", "-c", `exec ${EAT}`], [...LIMIT, "--null-io"]);
    assert.equal((await events.waitFor(id, "/tasks/exit")).fields.exit_status, 137);
    assert.deepEqual(events.topics(id), ["create", "start", "oom", "exit"]);
    await events.close();
    await ctr.remove(id);
  });

  it("is told before the exit of an exec, which is 137, and of a process that nobody waits for", async () => {
    const { ctr } = machine();
    const events = await watchEvents(ctr);
    const id = machine().id("oom-exec");
    await ctr.runDetached(id, ["sleep", "1000"], [...LIMIT, "--null-io"]);
    assert.equal((await ctr.exec(id, "e1", ["sh", "-c", `exec ${EAT}`])).code, 137);
    await events.waitFor(id, "/tasks/exit", "e1");
    const topics = ["create", "start", "exec-added", "exec-started", "oom", "exit"];
    const seen = () => events.topics(id).filter((topic) => topic !== "delete");
    assert.deepEqual(seen(), topics);

    const second = await ctr.execInBackground(id, "e2", ["sh", "-c", `${EAT}; sleep 1000`]);
    topics.push("exec-added", "exec-started", "oom");
    // containerd's own shim tells on cgroup v1 of a limit that was hit, ours of a process that was killed.
    await until("the second oom", () => seen().length === topics.length);
    assert.deepEqual(seen(), topics);
    assert.equal(await ctr.status(id), "RUNNING");
    await ctr.ok("tasks", "kill", "--all", "--signal", "SIGKILL", id);
    assert.equal((await second.result()).code, 137);
    await events.waitFor(id, "/tasks/exit");
    assert.deepEqual(seen(), [...topics, "exit", "exit"]);
    await events.close();
    await ctr.remove(id);
  });

  itInVm("on this host, for the VM, is told of its containers, which exited with 137", async () => {
    const { ctr } = machine();
    const events = await watchEvents(ctr);
    const id = machine().id("oom-host");
    await ctr.runDetached(id, ["sleep", "1000"]);
    const first = await ctr.execInBackground(id, "e1", ["sleep", "1000"]);
    // Neither containerd's score nor the shim's, which is next to it.
    assert.equal(readFileSync(`/proc/${await ctr.pid(id)}/oom_score_adj`, "utf8"), "0\n");
    const directory = oomCounterDirectory(cgroupOf(await ctr.pid(id))) ?? assert.fail("no memory controller");
    const [limit, usage] =
      cgroupOf("self").mode === "v2"
        ? ["memory.max", "memory.current"]
        : ["memory.limit_in_bytes", "memory.usage_in_bytes"];
    writeFileSync(join(directory, limit), String(Number(readFileSync(join(directory, usage), "utf8")) + 4 * MIB));
    // As much as it gets: the VM may be dead before this one starts.
    await ctr.exec(id, "e2", ["dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"]);
    assert.equal((await first.result()).code, 137);
    assert.equal((await events.waitFor(id, "/tasks/exit")).fields.exit_status, 137);
    const ends = events.topics(id).filter((topic) => topic === "oom" || topic === "exit");
    assert.deepEqual(ends.slice(0, 3), ["oom", "exit", "exit"]);
    assert.equal(ends.lastIndexOf("oom"), 0);
    await events.close();
    await ctr.remove(id);
  });
});
