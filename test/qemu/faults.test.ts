/** Faults of a VM, in containerd's eyes. Those of the shim and of containerd itself are in test/integration. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { watchEvents } from "../harness/events.ts";
import type { OwnProcess } from "../harness/leftovers.ts";
import type { Machine } from "../harness/machine.ts";
import { runtimeUnderTest } from "../harness/runtime-under-test.ts";
import { until } from "../harness/until.ts";
import { useMachine } from "../harness/use-machine.ts";

const runtime = runtimeUnderTest("io.containerd.uvm.v1", "qemu");

/** QEMU and virtiofsd. */
const vmProcesses = ({ traces }: Machine): OwnProcess[] =>
  traces.processes().filter(({ title }) => /qemu-system|virtiofsd/.test(title.split(" ")[0] ?? ""));

/** Resolves when the condition holds, which has to be within so many milliseconds from now. */
async function soon(what: string, milliseconds: number, condition: () => boolean): Promise<void> {
  const begin = performance.now();
  await until(what, condition);
  const took = performance.now() - begin;
  assert.ok(took < milliseconds, `${what}: after ${took.toFixed(0)} ms, wanted in ${milliseconds}`);
}

describe("a VM", () => {
  const machine = useMachine({ runtime });

  it("that is killed ends each of its processes within a second; State and Delete answer, nothing is left", async () => {
    const { ctr } = machine();
    const before = machine().traces.inventory();
    const events = await watchEvents(ctr);
    const id = machine().id("killed");
    await ctr.runDetached(id, ["sleep", "1000"]);
    const second = await ctr.execInBackground(id, "second", ["sleep", "1000"]);
    const exits = () => events.of(id).filter(({ topic }) => topic === "/tasks/exit");
    process.kill(await ctr.pid(id), "SIGKILL");
    await soon("both exits are told", 1000, () => exits().length === 2);
    assert.deepEqual(
      exits().map(({ fields }) => fields.id),
      ["second", id],
    );
    assert.notEqual((await second.result()).code, 0);
    assert.equal(await ctr.status(id), "STOPPED");
    assert.match(machine().containerd.log(), /vm \S+ ended under its containers.*QEMU was killed \(SIGKILL\)/);
    await ctr.ok("tasks", "rm", id);
    await events.waitFor(id, "/tasks/delete");
    await ctr.ok("containers", "rm", id);
    await events.close();
    await machine().traces.assertNoLeaks(before);
  });

  it("is gone within a second of its daemon, however that ends, and delete takes away the rest", async () => {
    const { ctr } = machine();
    const before = machine().traces.inventory();
    const id = machine().id("orphan");
    await ctr.runDetached(id, ["sleep", "1000"]);
    assert.ok(vmProcesses(machine()).length >= 2, "QEMU and virtiofsd run");
    process.kill(machine().daemonOf(id).pid, "SIGKILL");
    await soon("QEMU and virtiofsd are gone", 1000, () => vmProcesses(machine()).length === 0);
    await until("containerd forgets the task", async () => (await ctr.status(id)) === undefined);
    await ctr.ok("containers", "rm", id);
    await machine().traces.assertNoLeaks(before);
  });

  it("whose kernel panics says so in the log, with the console's last lines", async () => {
    const { ctr } = machine();
    const id = machine().id("panic");
    await ctr.runDetached(id, ["sleep", "1000"], ["--privileged", "--null-io"]);
    const { code } = await ctr.exec(id, "crash", ["sh", "-c", "echo c >/proc/sysrq-trigger; sleep 1000"]);
    assert.notEqual(code, 0);
    await until("the task ended", async () => (await ctr.status(id)) === "STOPPED");
    const told = machine()
      .containerd.log()
      .split("\n")
      .filter((line) => line.includes(id) && line.includes("ended under its containers"));
    assert.equal(told.length, 1);
    assert.match(
      told[0] ?? "",
      /kernel panicked \(Kernel panic - not syncing: sysrq triggered crash\); last on its console: /,
    );
    await ctr.remove(id);
  });

  it("whose kernel panics in its boot fails the create with the console's last lines", async () => {
    const { ctr } = machine();
    const id = machine().id("noboot");
    const configuration = machine().file("noboot.toml");
    writeFileSync(configuration, 'stack = "qemu"\n[qemu]\nkernel_arguments = "rdinit=/no/such/program"\n');
    const argv = ctr.runArgv(id, ["true"]).slice(5);
    const { code, stderr } = await ctr.call(
      argv.map((word) => (word.endsWith("/runtime.toml") ? configuration : word)),
    );
    assert.notEqual(code, 0);
    assert.match(stderr, /vm \S+ ended while it booted: .*kernel panicked \(Kernel panic - not syncing: VFS: /);
    await ctr.remove(id);
  });

  it("that stands still is killed and deleted within the budgets of these calls", async () => {
    const { ctr } = machine();
    const id = machine().id("still");
    await ctr.runDetached(id, ["sleep", "1000"]);
    process.kill(await ctr.pid(id), "SIGSTOP");
    const begin = performance.now();
    // The guest's time to answer (10 s), then the VM's to end (5 s).
    await ctr.call(["tasks", "kill", "--signal", "SIGKILL", id]);
    await until("the task ended", async () => (await ctr.status(id)) === "STOPPED");
    await ctr.ok("tasks", "rm", id);
    const took = performance.now() - begin;
    assert.ok(took < 17_000, `${took.toFixed(0)} ms`);
    await ctr.ok("containers", "rm", id);
    assert.deepEqual(vmProcesses(machine()), []);
  });
});
