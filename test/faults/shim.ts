import { run } from "../harness/command.ts";
import { watchEvents } from "../harness/events.ts";
import { until } from "../harness/until.ts";
import { again, alive, exitsOf, failpointFlags, forgotten } from "./observe.ts";
import { type FaultRow, onContainerd } from "./row.ts";

const both = ["local", "qemu"] as const;

/** kill -9 of the daemon at a failpoint, while `ctr run` or an exec waits for it. */
function killedAt(what: string, point: string, stacks: FaultRow["stacks"]): FaultRow {
  return onContainerd({
    fault: `shim kill -9, ${what}`,
    stacks,
    failpoints: true,
    expected: "the client is refused, containerd forgets the task, the id runs again",
    async run(machine) {
      const { ctr } = machine;
      const id = machine.id("midway");
      const { code } = await run(ctr.runArgv(id, ["sleep", "1000"], failpointFlags({ [point]: "kill" })));
      await forgotten(machine, id);
      return `the client is ${code === 0 ? "answered" : "refused"}, containerd forgets the task, ${await again(machine, id)}`;
    },
  });
}

export const shimRows: readonly FaultRow[] = [
  onContainerd({
    fault: "shim kill -9, container running",
    stacks: both,
    expected: "exit init 137, told once; its process is gone; the id runs again",
    async run(machine) {
      const { ctr } = machine;
      const events = await watchEvents(ctr);
      const id = machine.id("killed");
      await ctr.runDetached(id, ["sleep", "1000"]);
      const init = await ctr.pid(id);
      process.kill(machine.daemonOf(id).pid, "SIGKILL");
      await events.waitFor(id, "/tasks/delete");
      await forgotten(machine, id);
      await until("the container's process is gone", () => !alive(init));
      const seen = `${exitsOf(events, id)}, told once; its process is gone; ${await again(machine, id)}`;
      await events.close();
      return seen;
    },
  }),
  killedAt("mid-create, before the guest is asked", "gcs.Create", ["local"]),
  killedAt("mid-create, the container made and not answered", "task.create.before-commit", ["local"]),
  killedAt("mid-create, while the VM boots", "bridge.send", ["qemu"]),
  killedAt("mid-start, the process started and not answered", "task.start.answer", ["local"]),
];
