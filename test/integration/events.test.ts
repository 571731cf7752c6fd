import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { watchEvents } from "../harness/events.ts";
import { useMachine } from "../harness/use-machine.ts";

describe("events, as ctr events shows them", () => {
  const machine = useMachine();

  it("come in the order create, start, exit, delete, once each, also for a process that ends at once", async () => {
    const { ctr } = machine();
    const events = await watchEvents(ctr);
    for (let round = 0; round < machine().runtime.stack.rounds.events; round++) {
      const id = machine().id("order");
      await ctr.run(id, ["sh", "-c", `exit ${round}`]);
      await events.waitFor(id, "/tasks/delete");
      assert.deepEqual(events.topics(id), ["create", "start", "exit", "delete"]);
      const [created, started, exited, deleted] = events.of(id).map(({ fields }) => fields);
      assert.equal(exited?.exit_status ?? 0, round);
      assert.equal(deleted?.exit_status ?? 0, round);
      assert.equal(exited?.id, id);
      assert.deepEqual(
        [started, exited, deleted].map((fields) => fields?.pid),
        [created?.pid, created?.pid, created?.pid],
      );
      assert.ok(Number(created?.pid) > 1);
      assert.equal(created?.bundle, machine().bundle(id));
    }
    await events.close();
  });

  it("tell of an exec: added, started, exit, and the init's exit after it", async () => {
    const { ctr } = machine();
    const events = await watchEvents(ctr);
    const id = machine().id("exec");
    await ctr.runDetached(id, ["sleep", "1000"]);
    assert.equal((await ctr.exec(id, "e1", ["sh", "-c", "exit 3"])).code, 3);
    await ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
    const exit = await events.waitFor(id, "/tasks/exit");
    assert.equal(exit.fields.exit_status, 137);
    await ctr.remove(id);
    await events.waitFor(id, "/tasks/delete");
    const seen = events.of(id).filter(({ topic }) => topic !== "/tasks/delete");
    assert.deepEqual(
      seen.map(({ topic, fields }) => `${topic} ${fields.exec_id ?? fields.id ?? ""}`.trim()),
      [
        "/tasks/create",
        "/tasks/start",
        "/tasks/exec-added e1",
        "/tasks/exec-started e1",
        "/tasks/exit e1",
        `/tasks/exit ${id}`,
      ],
    );
    assert.equal(seen[4]?.fields.exit_status, 3);
    await events.close();
  });

  it("tell of pause and resume", async () => {
    const { ctr } = machine();
    const events = await watchEvents(ctr);
    const id = machine().id("pause");
    await ctr.runDetached(id, ["sleep", "1000"]);
    await ctr.ok("tasks", "pause", id);
    await ctr.ok("tasks", "resume", id);
    await events.waitFor(id, "/tasks/resumed");
    assert.deepEqual(events.topics(id), ["create", "start", "paused", "resumed"]);
    await ctr.remove(id);
    await events.close();
  });

  it("tell nothing of an exit where the container could not be made", async () => {
    const { ctr } = machine();
    const events = await watchEvents(ctr);
    const id = machine().id("never");
    const next = machine().id("next");
    assert.notEqual((await ctr.run(id, ["/no/such/command"])).code, 0);
    await ctr.remove(id);
    await ctr.run(next, ["true"]);
    await events.waitFor(next, "/tasks/delete");
    assert.ok(!events.topics(id).includes("exit"), events.topics(id).join(" "));
    await events.close();
  });
});
