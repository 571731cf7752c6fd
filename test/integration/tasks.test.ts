import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Ctr } from "../harness/ctr.ts";
import { watchEvents } from "../harness/events.ts";
import { startOnTerminal } from "../harness/terminal.ts";
import { until } from "../harness/until.ts";
import { useMachine } from "../harness/use-machine.ts";

const stopped = async (ctr: Ctr, id: string): Promise<unknown> =>
  await until(`${id} stopped`, async () => (await ctr.status(id)) === "STOPPED");

describe("ctr tasks", () => {
  const machine = useMachine();

  it("kill sends the signal, exit and delete report the code", async () => {
    const { ctr } = machine();
    const events = await watchEvents(ctr);
    const id = machine().id("kill");
    await machine().runService(id, 7);
    await ctr.ok("tasks", "kill", "--signal", "SIGTERM", id);
    await stopped(ctr, id);
    await ctr.ok("tasks", "rm", id);
    const deleted = await events.waitFor(id, "/tasks/delete");
    assert.equal(deleted.fields.exit_status, 7);
    assert.equal((await events.waitFor(id, "/tasks/exit")).fields.exit_status, 7);
    await events.close();
    assert.equal(await ctr.status(id), undefined);
    await ctr.ok("containers", "rm", id);
  });

  it("kill with SIGKILL reports 137", async () => {
    const { ctr } = machine();
    const events = await watchEvents(ctr);
    const id = machine().id("sigkill");
    await ctr.runDetached(id, ["sleep", "1000"]);
    await ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
    await stopped(ctr, id);
    assert.equal((await events.waitFor(id, "/tasks/exit")).fields.exit_status, 137);
    await events.close();
    await ctr.remove(id);
  });

  it("kill --all reaches every process of the container", async () => {
    const { ctr } = machine();
    const id = machine().id("all");
    await ctr.runDetached(id, ["sleep", "1000"]);
    const second = await ctr.execInBackground(id, "second", ["sleep", "1000"]);
    await ctr.ok("tasks", "kill", "--all", "--signal", "SIGKILL", id);
    await stopped(ctr, id);
    assert.equal((await second.result()).code, 137);
    await ctr.remove(id);
  });

  it("exec runs a second process with its own output, input and exit code", async () => {
    const { ctr } = machine();
    const id = machine().id("exec");
    await ctr.runDetached(id, ["sleep", "1000"]);
    const { code, stdout, stderr } = await ctr.exec(id, "e1", ["sh", "-c", "cat; echo err >&2; exit 9"], {
      echoedInput: "through stdin\n",
    });
    assert.deepEqual({ code, stdout, stderr }, { code: 9, stdout: "through stdin\n", stderr: "err\n" });
    const again = await ctr.exec(id, "e1", ["echo", "the id is free again"]);
    assert.deepEqual([again.code, again.stdout], [0, "the id is free again\n"]);
    await ctr.remove(id);
  });

  it("exec on a terminal takes what is typed", async () => {
    const { ctr } = machine();
    const id = machine().id("exectty");
    await ctr.runDetached(id, ["sleep", "1000"]);
    const command = startOnTerminal(ctr.execArgv(id, "t1", ["sh"], ["--tty"]));
    await until("the prompt", () => command.stdout().includes("#"));
    command.stdin?.write("tty; echo six=$((2*3)); exit 5\n");
    const { code, stdout } = await command.result();
    assert.match(stdout, /\/dev\/pts\/\d/);
    assert.match(stdout, /six=6/);
    assert.equal(code, 5);
    await ctr.remove(id);
  });

  it("exec refuses an exec id in use, and a command that does not exist", async () => {
    const { ctr } = machine();
    const id = machine().id("execbad");
    await ctr.runDetached(id, ["sleep", "1000"]);
    const busy = await ctr.execInBackground(id, "busy", ["sleep", "1000"]);
    const twice = await ctr.exec(id, "busy", ["true"]);
    assert.notEqual(twice.code, 0);
    assert.match(twice.stderr, /already exists/);
    const missing = await ctr.exec(id, "missing", ["/no/such/command"]);
    assert.notEqual(missing.code, 0);
    assert.match(missing.stderr, /\/no\/such\/command/);
    assert.equal(await ctr.status(id), "RUNNING");
    await ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
    await busy.result();
    await ctr.remove(id);
  });

  it("ps lists the init and the execs with their pids", async () => {
    const { ctr } = machine();
    const id = machine().id("ps");
    await ctr.runDetached(id, ["sleep", "1000"]);
    const second = await ctr.execInBackground(id, "second", ["sleep", "1001"]);
    const rows = (await ctr.ok("tasks", "ps", id)).trim().split("\n").slice(1);
    assert.equal(rows.length, 2, rows.join("\n"));
    // In the order of their pids, of which the init's need not be the lowest.
    const inits = rows.filter((row) => !row.includes("second"));
    const pids = inits.map((row) => Number(row.trim().split(/\s+/)[0]));
    assert.deepEqual(pids, [await ctr.pid(id)], rows.join("\n"));
    await ctr.ok("tasks", "kill", "--signal", "SIGKILL", "--exec-id", "second", id);
    assert.equal((await second.result()).code, 137);
    await ctr.remove(id);
  });

  it("pause stops every process, resume lets them go on", async () => {
    const { ctr } = machine();
    const id = machine().id("pause");
    const log = machine().file("ticks");
    await ctr.runDetached(id, ["sh", "-c", "while :; do sleep 0.01; echo tick; done"], ["--log-uri", `file://${log}`]);
    const ticks = (): number => statSync(log).size;
    await until("it ticks", () => ticks() > 0);
    await ctr.ok("tasks", "pause", id);
    assert.equal(await ctr.status(id), "PAUSED");
    // What was on its way has arrived when nothing came for as long as dozens of ticks take.
    let before = -1;
    await until("it stands still", async () => {
      before = ticks();
      await delay(500);
      return ticks() === before;
    });
    const refused = await ctr.exec(id, "e1", ["true"]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /paused/);
    await ctr.ok("tasks", "resume", id);
    assert.equal(await ctr.status(id), "RUNNING");
    await until("it ticks again", () => ticks() > before);
    assert.equal((await ctr.exec(id, "e2", ["echo", "awake"])).stdout, "awake\n");
    await ctr.remove(id);
  });

  it("metrics come from the container's cgroup", async () => {
    const { ctr } = machine();
    const id = machine().id("metrics");
    await ctr.runDetached(
      id,
      ["sh", "-c", "sleep 1000 & sleep 1001 & wait"],
      ["--null-io", "--memory-limit", "67108864"],
    );
    const metrics = await until("three processes are counted", async () => {
      const text = await ctr.ok("tasks", "metrics", id);
      return /pids\.current\s+3\b/.test(text) && text;
    });
    assert.match(metrics, /memory\.(limit_in_bytes|usage_limit)\s+67108864/);
    assert.match(metrics, /cpuacct\.usage\s+[1-9]\d*|cpu\.usage_usec\s+[1-9]\d*/);
    await ctr.remove(id);
  });

  it("calls in a wrong state fail, say the state, and change nothing", async () => {
    const { ctr } = machine();
    const id = machine().id("wrong");
    await ctr.runDetached(id, ["sh", "-c", "while :; do sleep 0.05; done"]);
    const refuse = async (args: readonly string[], words: RegExp): Promise<void> => {
      const { code, stderr } = await ctr.call(args);
      assert.notEqual(code, 0, args.join(" "));
      assert.match(stderr, words, args.join(" "));
    };
    await refuse(["tasks", "rm", id], /running|must be stopped/i);
    await refuse(["tasks", "start", id], /already exists|running/);
    await refuse(["tasks", "resume", id], /running|not paused/);
    assert.equal(await ctr.status(id), "RUNNING");
    await ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
    await stopped(ctr, id);
    await refuse(["tasks", "pause", id], /stopped/);
    await refuse(["tasks", "kill", id], /already finished|not found|stopped/);
    const { code, stderr } = await ctr.exec(id, "late", ["true"]);
    assert.notEqual(code, 0);
    assert.match(stderr, /stopped|not running/);
    assert.equal(await ctr.status(id), "STOPPED");
    await ctr.remove(id);
  });

  it("calls for a task that does not exist say not found", async () => {
    const { ctr } = machine();
    for (const args of [
      ["tasks", "kill", "nobody"],
      ["tasks", "pause", "nobody"],
      ["tasks", "ps", "nobody"],
    ]) {
      const { code, stderr } = await ctr.call(args);
      assert.notEqual(code, 0);
      assert.match(stderr, /not found/);
    }
  });
});
