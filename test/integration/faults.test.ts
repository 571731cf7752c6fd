import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { Task } from "../../src/generated/containerd/task/v2.ts";
import { connect as dial } from "../../src/ttrpc/socket.ts";
import { watchEvents } from "../harness/events.ts";
import { socketPath } from "../harness/leftovers.ts";
import { until } from "../harness/until.ts";
import { useMachine } from "../harness/use-machine.ts";

const alive = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] !== "Z";
  } catch {
    return false;
  }
};

describe("a shim that is killed", () => {
  const machine = useMachine();

  /** runc's shim leaves its socket when it is killed (containerd 1.6); ours must not. */
  const forgivePeer = (id: string): void => {
    if (!machine().runtime.isPeer) return;
    rmSync(socketPath(machine().containerd.address, machine().namespace, id));
  };

  it("has its container's exit reported, and delete removes all that it held", async () => {
    const { ctr } = machine();
    const events = await watchEvents(ctr);
    const id = machine().id("killed");
    const before = machine().traces.inventory();
    await ctr.runDetached(id, ["sleep", "1000"]);
    const init = await ctr.pid(id);
    process.kill(machine().daemonOf(id).pid, "SIGKILL");
    const exit = await events.waitFor(id, "/tasks/exit");
    assert.equal(exit.fields.exit_status, 137);
    await events.waitFor(id, "/tasks/delete");
    await until("containerd forgets the task", async () => (await ctr.status(id)) === undefined);
    await until("the container's process is gone", () => !alive(init));
    await ctr.ok("containers", "rm", id);
    await events.close();
    forgivePeer(id);
    await machine().traces.assertNoLeaks(before);
  });

  it("leaves the other containers alone", async () => {
    const { ctr } = machine();
    const [victim, other] = [machine().id("victim"), machine().id("other")];
    await ctr.runDetached(victim, ["sleep", "1000"]);
    await ctr.runDetached(other, ["sleep", "1000"]);
    process.kill(machine().daemonOf(victim).pid, "SIGKILL");
    await until("containerd forgets the task", async () => (await ctr.status(victim)) === undefined);
    assert.equal((await ctr.exec(other, "e1", ["echo", "well"])).stdout, "well\n");
    forgivePeer(victim);
    await ctr.remove(victim);
    await ctr.remove(other);
  });
});

describe("containerd restarted", () => {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    describe(`by ${signal}`, () => {
      const machine = useMachine();

      it("finds its containers running, with the same pid, and takes calls for them", async () => {
        const { ctr, containerd } = machine();
        const id = machine().id("survivor");
        await machine().runService(id, 9);
        const [init, daemon] = [await ctr.pid(id), machine().daemonOf(id).pid];
        await containerd.stop(signal);
        assert.ok(alive(init) && alive(daemon));
        await containerd.start();
        assert.equal(await ctr.status(id), "RUNNING");
        assert.equal(await ctr.pid(id), init);
        assert.equal((await ctr.exec(id, "e1", ["echo", "back"])).stdout, "back\n");
        const events = await watchEvents(ctr);
        await ctr.ok("tasks", "kill", "--signal", "SIGTERM", id);
        assert.equal((await events.waitFor(id, "/tasks/exit")).fields.exit_status, 9);
        await ctr.remove(id);
        await events.close();
      });
    });
  }

  describe("while containers end", () => {
    const machine = useMachine();

    it("hears the exit code afterwards", async (t) => {
      if (machine().runtime.isPeer) {
        t.skip("runc's shim lists no pid for a stopped task, so containerd removes it at its start");
        return;
      }
      const { ctr, containerd } = machine();
      const id = machine().id("missed");
      await machine().runService(id, 9);
      const client = await dial(socketPath(containerd.address, machine().namespace, id));
      const task = client.service(Task);
      await containerd.stop("SIGKILL");
      await task.kill({ id, execId: "", signal: 15, all: false });
      assert.equal((await task.wait({ id, execId: "" })).exitStatus, 9);
      client.close();
      await containerd.start();
      assert.equal(await ctr.status(id), "STOPPED");
      const events = await watchEvents(ctr);
      await ctr.ok("tasks", "rm", id);
      assert.equal((await events.waitFor(id, "/tasks/delete")).fields.exit_status, 9);
      await ctr.remove(id);
      await events.close();
    });
  });
});

describe("garbage on a live shim's socket", () => {
  const machine = useMachine();

  /** Sends bytes, then closes: at once where the shim did, else after it had the time to react. */
  const send = async (path: string, bytes: Uint8Array): Promise<void> =>
    await new Promise((resolve, reject) => {
      const socket = connect(path, () => socket.end(bytes));
      const patience = setTimeout(() => socket.destroy(), 500);
      socket.on("data", () => {});
      socket.on("close", () => {
        clearTimeout(patience);
        resolve();
      });
      socket.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
      });
    });

  it("costs that connection and nothing else", async () => {
    const { ctr, containerd } = machine();
    const id = machine().id("garbage");
    await ctr.runDetached(id, ["sleep", "1000"]);
    const daemon = machine().daemonOf(id).pid;
    const path = socketPath(containerd.address, machine().namespace, id);
    const frame = (length: number, stream: number, type: number, body: Uint8Array): Buffer => {
      const header = Buffer.alloc(10);
      header.writeUInt32BE(length, 0);
      header.writeUInt32BE(stream, 4);
      header.writeUInt8(type, 8);
      return Buffer.concat([header, body]);
    };
    const noise = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 197 + 13) % 256));
    const cases = {
      nothing: Buffer.alloc(0),
      noise,
      "half a header": Buffer.alloc(5),
      "a body that never comes": frame(1000, 1, 1, Buffer.alloc(10)),
      "a length beyond the limit": frame(0xffffffff, 1, 1, noise),
      "an unknown frame type": frame(4, 1, 99, Buffer.alloc(4)),
      "an even stream id": frame(4, 2, 1, Buffer.alloc(4)),
      "a request that is no protobuf": frame(noise.length, 1, 1, noise),
    };
    for (const [name, bytes] of Object.entries(cases)) {
      await send(path, bytes);
      assert.ok(alive(daemon), `the daemon lives after ${name}`);
      assert.equal(await ctr.status(id), "RUNNING", name);
    }
    assert.equal((await ctr.exec(id, "e1", ["echo", "unmoved"])).stdout, "unmoved\n");
    await ctr.remove(id);
  });
});

describe("a client that dies", () => {
  const machine = useMachine();

  it("in the middle of the output leaves a container that can be killed and deleted", async () => {
    const { ctr } = machine();
    const id = machine().id("flood");
    const client = ctr.start(...ctr.runArgv(id, ["yes"]).slice(5));
    await until("output flows", () => client.stdout().length > 1_000_000);
    client.kill();
    await client.result();
    // Output may come before the answer to the start does.
    await until("it runs", async () => (await ctr.status(id)) === "RUNNING");
    await ctr.ok("tasks", "kill", "--signal", "SIGKILL", id);
    await until("it stopped", async () => (await ctr.status(id)) === "STOPPED");
    await ctr.remove(id);
  });
});
