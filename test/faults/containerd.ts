import { readFileSync, writeFileSync } from "node:fs";
import { Task } from "../../src/generated/containerd/task/v2.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { watchEvents } from "../harness/events.ts";
import { socketPath } from "../harness/leftovers.ts";
import { service } from "../harness/service.ts";
import { until } from "../harness/until.ts";
import { again, alive, appears, exitsOf, failpointFlags, forgotten } from "./observe.ts";
import { type FaultRow, onContainerd } from "./row.ts";

function restartedBy(signal: "SIGTERM" | "SIGKILL", stacks: FaultRow["stacks"]): FaultRow {
  return onContainerd({
    fault: `containerd ${signal === "SIGTERM" ? "restarts" : "kill -9 and back"}, container running`,
    stacks,
    expected: "RUNNING with the same pid; an exec runs; exit init 9",
    async run(machine) {
      const { ctr, containerd } = machine;
      const id = machine.id("survivor");
      await machine.runService(id, 9);
      const [init, daemon] = [await ctr.pid(id), machine.daemonOf(id).pid];
      await containerd.stop(signal);
      const survived = alive(init) && alive(daemon);
      await containerd.start();
      const same = survived && (await ctr.pid(id)) === init;
      const status = await ctr.status(id);
      const exec = (await ctr.exec(id, "e1", ["echo", "back"])).stdout === "back\n";
      const events = await watchEvents(ctr);
      await ctr.ok("tasks", "kill", "--signal", "SIGTERM", id);
      await events.waitFor(id, "/tasks/exit");
      const told = exitsOf(events, id);
      await ctr.remove(id);
      await events.close();
      return `${status} with ${same ? "the same" : "another"} pid; an exec ${exec ? "runs" : "fails"}; ${told}`;
    },
  });
}

export const containerdRows: readonly FaultRow[] = [
  restartedBy("SIGTERM", ["local"]),
  restartedBy("SIGKILL", ["local", "qemu"]),
  onContainerd({
    fault: "containerd is away while a container ends",
    stacks: ["local"],
    expected: "STOPPED afterwards; delete tells 9",
    async run(machine) {
      const { ctr, containerd } = machine;
      const id = machine.id("missed");
      await machine.runService(id, 9);
      const client = await connect(socketPath(containerd.address, machine.namespace, id));
      const task = client.service(Task);
      await containerd.stop("SIGKILL");
      await task.kill({ id, execId: "", signal: 15, all: false });
      await task.wait({ id, execId: "" });
      client.close();
      await containerd.start();
      const status = await ctr.status(id);
      const events = await watchEvents(ctr);
      await ctr.ok("tasks", "rm", id);
      const { fields } = await events.waitFor(id, "/tasks/delete");
      await ctr.remove(id);
      await events.close();
      return `${status} afterwards; delete tells ${fields.exit_status}`;
    },
  }),
  onContainerd({
    fault: "containerd kill -9, mid-create",
    stacks: ["local"],
    failpoints: true,
    expected: "it has no such task afterwards; the id runs again",
    async run(machine) {
      const { ctr, containerd } = machine;
      const id = machine.id("midcreate");
      const path = machine.file(`${id}.hold`);
      const flags = failpointFlags({ "task.create.before-commit": `hold(${path})` });
      const client = ctr.start(...ctr.runArgv(id, ["sleep", "1000"], flags).slice(5));
      await appears(`${path}.reached`);
      await containerd.stop("SIGKILL");
      await client.result();
      writeFileSync(path, "");
      await containerd.start();
      await forgotten(machine, id);
      return `it has no such task afterwards; ${await again(machine, id)}`;
    },
  }),
  onContainerd({
    fault: "containerd kill -9, mid-create, all done but the answer",
    stacks: ["local"],
    failpoints: true,
    expected: "CREATED afterwards; the id runs again",
    async run(machine) {
      const { ctr, containerd } = machine;
      const id = machine.id("unanswered");
      const path = machine.file(`${id}.hold`);
      const flags = failpointFlags({ "task.create.answer": `hold(${path})` });
      const client = ctr.start(...ctr.runArgv(id, ["sleep", "1000"], flags).slice(5));
      await appears(`${path}.reached`);
      await containerd.stop("SIGKILL");
      await client.result();
      await containerd.start();
      writeFileSync(path, "");
      return `${await ctr.status(id)} afterwards; ${await again(machine, id)}`;
    },
  }),
  onContainerd({
    fault: "containerd kill -9, mid-start, the process started",
    stacks: ["local"],
    failpoints: true,
    expected: "RUNNING afterwards; exit init 9; the id runs again",
    async run(machine) {
      const { ctr, containerd } = machine;
      const id = machine.id("midstart");
      const path = machine.file(`${id}.hold`);
      const log = machine.file(`${id}.log`);
      const flags = [
        ...["--detach", "--log-uri", `file://${log}`],
        ...failpointFlags({ "task.start.answer": `hold(${path})` }),
      ];
      const client = ctr.start(...ctr.runArgv(id, service(9), flags).slice(5));
      await appears(`${path}.reached`);
      await containerd.stop("SIGKILL");
      await client.result();
      writeFileSync(path, "");
      await containerd.start();
      const status = await ctr.status(id);
      await until("the service is ready", () => readFileSync(log, "utf8") !== "");
      const events = await watchEvents(ctr);
      await ctr.ok("tasks", "kill", "--signal", "SIGTERM", id);
      await events.waitFor(id, "/tasks/exit");
      const told = exitsOf(events, id);
      await events.close();
      return `${status} afterwards; ${told}; ${await again(machine, id)}`;
    },
  }),
];
