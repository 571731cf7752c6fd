import { run } from "../harness/command.ts";
import { watchEvents } from "../harness/events.ts";
import { until } from "../harness/until.ts";
import { again, alive, exitsOf, failpointFlags, forgotten, timed, vmProcesses } from "./observe.ts";
import { finished, prepared, started } from "./program-task.ts";
import { type FaultRow, onContainerd, onProgram } from "./row.ts";

/** The daemon's end at a failpoint, while `ctr run` waits for it. */
function killedAt(what: string, points: Readonly<Record<string, string>>, stacks: FaultRow["stacks"]): FaultRow {
  return onContainerd({
    fault: `shim ${what}`,
    stacks,
    failpoints: true,
    expected: "the client is refused; containerd forgets the task; the id runs again",
    async run(machine) {
      // Booted where there is a VM, that it is killed in the boot.
      const ctr = machine.runtime.stack.isVm ? machine.ctrWith('stack = "qemu"\n') : machine.ctr;
      const id = machine.id("midway");
      const { code } = await run(ctr.runArgv(id, ["sleep", "1000"], failpointFlags(points)));
      await forgotten(machine, id);
      return `the client is ${code === 0 ? "answered" : "refused"}; containerd forgets the task; ${await again(machine, id)}`;
    },
  });
}

/** The daemon's end while a task that has ended is deleted. */
function killedAtDelete(what: string, point: string, stacks: FaultRow["stacks"]): FaultRow {
  return onContainerd({
    fault: `shim kill -9, mid-delete, ${what}`,
    stacks,
    failpoints: true,
    expected: "exit init 137; containerd forgets the task; the id runs again",
    async run(machine) {
      const { ctr } = machine;
      const events = await watchEvents(ctr);
      const id = machine.id("middelete");
      await ctr.runDetached(id, ["sleep", "1000"], ["--null-io", ...failpointFlags({ [point]: "kill" })]);
      await ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
      await events.waitFor(id, "/tasks/exit");
      const told = exitsOf(events, id);
      // Answered or not: containerd cannot know either.
      await ctr.call(["tasks", "rm", id]);
      await forgotten(machine, id);
      await events.close();
      return `${told}; containerd forgets the task; ${await again(machine, id)}`;
    },
  });
}

export const shimRows: readonly FaultRow[] = [
  onProgram({
    fault: "shim kill -9, idle: no container yet",
    stacks: ["local", "qemu"],
    expected: "delete succeeds; a new start serves at the same address",
    async run(shim) {
      const bundle = await prepared(shim, "idle");
      const first = await started(shim, bundle);
      const daemon = shim.daemonOf(first.id);
      process.kill(daemon.pid, "SIGKILL");
      await until("the daemon is gone", () => !alive(daemon.pid));
      const { code } = await shim.call(first.id, ["delete"], {
        bundle: first.bundle,
        flags: ["-bundle", first.bundle],
      });
      const second = await started(shim, bundle);
      await finished(shim, second);
      const same = second.address === first.address;
      return `delete ${code === 0 ? "succeeds" : "fails"}; a new start serves at ${same ? "the same" : "another"} address`;
    },
  }),
  onContainerd({
    fault: "shim kill -9, container running",
    stacks: ["local", "qemu"],
    expected: {
      local: "exit init 137; its process is gone; the id runs again; another pod's container is unmoved",
      qemu: "QEMU and virtiofsd are gone in 1 s; exit init 137; its process is gone; the id runs again",
    },
    async run(machine) {
      const { ctr } = machine;
      const { isVm } = machine.runtime.stack;
      const events = await watchEvents(ctr);
      const [id, other] = [machine.id("killed"), machine.id("other")];
      await ctr.runDetached(id, ["sleep", "1000"]);
      if (!isVm) await ctr.runDetached(other, ["sleep", "1000"]);
      const init = await ctr.pid(id);
      process.kill(machine.daemonOf(id).pid, "SIGKILL");
      const vmGone = isVm
        ? `QEMU and virtiofsd are gone ${await timed(1, () => until("the VM's end", () => vmProcesses(machine).length === 0))}; `
        : "";
      await events.waitFor(id, "/tasks/delete");
      await forgotten(machine, id);
      await until("the container's process is gone", () => !alive(init));
      const seen = `${vmGone}${exitsOf(events, id)}; its process is gone; ${await again(machine, id)}`;
      await events.close();
      if (isVm) return seen;
      const { stdout } = await ctr.exec(other, "e1", ["echo", "well"]);
      await ctr.remove(other);
      return `${seen}; another pod's container ${stdout === "well\n" ? "is unmoved" : "does not answer"}`;
    },
  }),
  killedAt("kill -9, mid-create, before the guest is asked", { "gcs.Create": "kill" }, ["local"]),
  killedAt("kill -9, mid-create, the container made", { "task.create.before-commit": "kill" }, ["local"]),
  killedAt("kill -9, mid-create, all done but the answer", { "task.create.answer": "kill" }, ["local"]),
  killedAt("kill -9, mid-create, while the VM boots", { "bridge.send": "kill" }, ["qemu"]),
  killedAt("kill -9, mid-start, the process started", { "task.start.answer": "kill" }, ["local"]),
  killedAt("panics (an uncaught exception), mid-start", { Start: "panic(a mistake)" }, ["local"]),
  onContainerd({
    fault: "shim kill -9, mid-exec, the process started",
    stacks: ["local", "qemu"],
    failpoints: true,
    expected: "the client is refused; exit init 137; the id runs again",
    async run(machine) {
      const { ctr } = machine;
      const events = await watchEvents(ctr);
      const id = machine.id("midexec");
      // Its own start first, then the exec's.
      const flags = failpointFlags({ "task.start.answer": "1*off|kill" });
      await ctr.runDetached(id, ["sleep", "1000"], ["--null-io", ...flags]);
      const { code } = await ctr.exec(id, "e1", ["sleep", "1000"]);
      await events.waitFor(id, "/tasks/delete");
      await forgotten(machine, id);
      const seen = `the client is ${code === 0 ? "answered" : "refused"}; ${exitsOf(events, id)}; ${await again(machine, id)}`;
      await events.close();
      return seen;
    },
  }),
  killedAtDelete("before it begins", "Delete", ["local", "qemu"]),
  killedAtDelete("all done but the answer", "task.delete.answer", ["local"]),
];
