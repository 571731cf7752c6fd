import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Sandbox } from "../../src/generated/containerd/runtime/sandbox/v1.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { until } from "../harness/until.ts";
import { alive, appears, timed } from "./observe.ts";
import { points, prepared, removed, requestOf, started } from "./program-task.ts";
import { type FaultRow, onProgram } from "./row.ts";
import { EXEC, execDocument } from "./wedged-task.ts";

const stdio = { terminal: false, stdin: "", stdout: "", stderr: "" };

/** What a daemon must not leave while it holds, and that it leaves once it holds no more. */
export const holdingRows: readonly FaultRow[] = [
  onProgram({
    fault: "Shutdown in each state of a container",
    stacks: ["local"],
    failpoints: true,
    expected:
      "it serves on while: creating, created, starting, running, an exec is created, an exec is starting, stopped; the daemon leaves in 5 s",
    async run(shim) {
      const gate = (name: string): string => join(shim.traces.directory, `gate-${name}`);
      const gates = ["create", "start", "exec"].map(gate);
      const [create = "", start = "", exec = ""] = gates;
      const held = { "gcs.Create": create, "gcs.Start": start, "gcs.ExecuteProcess": exec };
      const terms = Object.entries(held).map(([point, path]) => [
        point,
        // The init's own comes first.
        point === "gcs.ExecuteProcess" ? `1*off|hold(${path})` : `hold(${path})`,
      ]);
      const bundle = await prepared(shim, "holding", points(Object.fromEntries(terms)));
      const { task, id, address } = await started(shim, bundle);
      const daemon = shim.daemonOf(id);
      const seen: string[] = [];
      const shutdown = async (state: string): Promise<void> => {
        await task.shutdown({ id, now: true });
        // A new client, as one that is told to leave takes no more.
        const client = await connect(address.trim().replace(/^unix:\/\//, ""));
        await client.service(Sandbox).platform({ sandboxId: id });
        client.close();
        if (alive(daemon.pid)) seen.push(state);
      };
      try {
        const created = task.create(requestOf(id, bundle.bundle));
        await appears(`${create}.reached`);
        await shutdown("creating");
        writeFileSync(create, "");
        await created;
        await shutdown("created");
        const init = task.start({ id, execId: "" });
        await appears(`${start}.reached`);
        await shutdown("starting");
        writeFileSync(start, "");
        await init;
        await shutdown("running");
        await task.exec({ id, execId: EXEC, spec: execDocument, ...stdio });
        await shutdown("an exec is created");
        const second = task.start({ id, execId: EXEC });
        await appears(`${exec}.reached`);
        await shutdown("an exec is starting");
        writeFileSync(exec, "");
        await second;
        await task.kill({ id, execId: "", signal: 9, all: true });
        await task.wait({ id, execId: "" });
        await shutdown("stopped");
        await task.delete({ id, execId: "" });
        const left = await timed(5, async () => {
          await task.shutdown({ id, now: false }).catch(() => {});
          await until("the daemon leaves", () => !alive(daemon.pid));
        });
        return `it serves on while: ${seen.join(", ")}; the daemon leaves ${left}`;
      } finally {
        for (const path of gates) {
          writeFileSync(path, "");
          rmSync(`${path}.reached`, { force: true });
        }
        await removed(shim, bundle);
        for (const path of gates) rmSync(path);
      }
    },
  }),
  onProgram({
    fault: "SIGTERM while a create hangs, and again",
    stacks: ["local"],
    failpoints: true,
    expected: "the daemon is gone in 5 s",
    async run(shim) {
      const gate = join(shim.traces.directory, "gate-term");
      const bundle = await prepared(shim, "term", points({ "gcs.Create": `hold(${gate})` }));
      const { task, id } = await started(shim, bundle);
      const { pid } = shim.daemonOf(id);
      const created = task.create(requestOf(id, bundle.bundle)).catch(() => {});
      await appears(`${gate}.reached`);
      const gone = await timed(5, async () => {
        process.kill(pid, "SIGTERM");
        process.kill(pid, "SIGTERM");
        await until("the daemon is gone", () => !alive(pid));
      });
      await created;
      rmSync(`${gate}.reached`);
      await removed(shim, bundle);
      return `the daemon is gone ${gone}`;
    },
  }),
];
