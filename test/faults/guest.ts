import { run } from "../harness/command.ts";
import { watchEvents } from "../harness/events.ts";
import { again, exitsOf, failpointFlags } from "./observe.ts";
import { type FaultRow, onContainerd } from "./row.ts";

const NO_EXIT = "no exit is told";

/** A request that the guest refuses, or a create that fails with all made: the client learns why. */
function refused(what: string, points: Readonly<Record<string, string>>, exit = NO_EXIT): FaultRow {
  return onContainerd({
    fault: what,
    stacks: ["local"],
    failpoints: true,
    expected: `the client is told: no luck; ${exit}; the id runs again`,
    async run(machine) {
      const { ctr } = machine;
      const events = await watchEvents(ctr);
      const id = machine.id("refused");
      const { code, stderr } = await run(ctr.runArgv(id, ["sleep", "1000"], failpointFlags(points)));
      const why = code === 0 ? "nothing" : (/no luck/.exec(stderr)?.[0] ?? stderr);
      await ctr.call(["tasks", "rm", "--force", id]);
      if (exit !== NO_EXIT) await events.waitFor(id, "/tasks/exit");
      const exits = exitsOf(events, id);
      await events.close();
      return `the client is told: ${why}; ${exits === "" ? NO_EXIT : exits}; ${await again(machine, id)}`;
    },
  });
}

export const guestRows: readonly FaultRow[] = [
  refused("guest refuses the create", { "gcs.Create": "1*error(no luck)" }),
  refused("guest refuses the start", { "gcs.Start": "1*error(no luck)" }, "exit init 137"),
  refused("create fails with the container made", { "task.create.before-commit": "1*error(no luck)" }),
  onContainerd({
    fault: "guest refuses a delete, once",
    stacks: ["local"],
    failpoints: true,
    expected: "the first delete is told: no luck; the second succeeds; exit init 137",
    async run(machine) {
      const { ctr } = machine;
      const events = await watchEvents(ctr);
      const id = machine.id("undeleted");
      const flags = failpointFlags({ "gcs.DeleteContainerState": "1*error(no luck)" });
      await ctr.runDetached(id, ["sleep", "1000"], ["--null-io", ...flags]);
      await ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
      await events.waitFor(id, "/tasks/exit");
      const first = await ctr.call(["tasks", "rm", id]);
      const second = await ctr.call(["tasks", "rm", id]);
      const exits = exitsOf(events, id);
      await ctr.remove(id);
      await events.close();
      const why = first.code === 0 ? "nothing" : (/no luck/.exec(first.stderr)?.[0] ?? first.stderr);
      return `the first delete is told: ${why}; the second ${second.code === 0 ? "succeeds" : second.stderr}; ${exits}`;
    },
  }),
];
