import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runtime } from "#runtime";
import { resolveSettings } from "../config/settings.ts";
import { notFound } from "../errors/shim-error.ts";
import { DeleteResponse, Task } from "../generated/containerd/task/v2.ts";
import { Empty, Timestamp } from "../generated/google/protobuf.ts";
import { mountOne, unmountRecursive } from "../sys/mount.ts";
import { isAlive, startTime } from "../sys/process.ts";
import { Server } from "../ttrpc/server.ts";
import type { Handlers } from "../ttrpc/service.ts";
import { writeVmProcesses } from "../vmmanager/vm-processes.ts";
import { askDaemon } from "./ask-daemon.ts";
import { deleteTask } from "./delete.ts";
import { writeBundleRecord, writeDaemonRecord } from "./records.ts";

const exitedAt = Timestamp.create({ seconds: 1_000n, nanos: 5 });

describe("delete with a daemon that answers", () => {
  let dir = "";
  let close = (): void => {};
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "uvm-delete-"));
  });
  afterEach(() => {
    close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** The daemon is played by this process. */
  async function deleted(handlers: Partial<Handlers<typeof Task>>): Promise<DeleteResponse> {
    const bundle = join(dir, "c1");
    const socketPath = join(dir, "socket");
    const stateDirectory = join(dir, "state");
    mkdirSync(bundle);
    const settings = { ...(await resolveSettings({})), stack: "local" as const };
    writeBundleRecord(bundle, { podId: "p1", stateDirectory, socketPath, settings });
    const self = { pid: process.pid, startTime: startTime(process.pid) ?? 0n };
    writeDaemonRecord(stateDirectory, { ...self, stack: "local", socketPath, bundle });
    const server = new Server();
    server.register(Task, { shutdown: async () => Empty.create(), ...handlers });
    const listener = await runtime.listen({ path: socketPath }, (stream) => server.accept(stream));
    close = () => {
      listener.close();
      server.close();
    };
    const flags = { ...{ namespace: "ns", id: "c1", bundle, address: "", action: "delete" as const } };
    const { reply, problems } = await deleteTask({
      runtime,
      flags: { publishBinary: "", debug: false, info: false, version: false, ...flags },
      workingDirectory: bundle,
      env: {},
      askDaemon,
    });
    assert.deepEqual(problems, []);
    return DeleteResponse.decode(reply);
  }

  it("replies with the task's own end, which only the daemon knows", async () => {
    const gone = async () => {
      throw notFound("process already finished");
    };
    const response = await deleted({
      kill: gone,
      wait: async () => ({ exitStatus: 3, exitedAt }),
      delete: async () => ({ pid: 42, exitStatus: 3, exitedAt }),
    });
    assert.deepEqual(response, { pid: 42, exitStatus: 3, exitedAt });
  });

  it("replies 137 where the daemon knows no such task", async () => {
    const gone = async () => {
      throw notFound("container not created");
    };
    const { pid, exitStatus } = await deleted({ kill: gone, wait: gone, delete: gone });
    assert.deepEqual([pid, exitStatus], [0, 137]);
  });
});

describe("delete of a pod whose daemon was killed", {
  skip: process.getuid?.() === 0 ? false : "mount(2) wants root",
}, () => {
  it("ends the VM by pid and start time, and takes its shares and state away", async () => {
    const dir = mkdtempSync(join(tmpdir(), "uvm-delete-"));
    const qemu = spawn("sleep", ["1000"]);
    try {
      const [bundle, stateDirectory, socketPath] = [join(dir, "c1"), join(dir, "ns/p1"), join(dir, "socket")];
      const share = join(stateDirectory, "shared/one");
      mkdirSync(bundle);
      mkdirSync(share, { recursive: true });
      writeFileSync(join(bundle, "precious"), "");
      mountOne({ type: "bind", source: bundle, options: ["bind"] }, share);
      const settings = { ...(await resolveSettings({})), stack: "qemu" as const };
      writeBundleRecord(bundle, { podId: "c1", stateDirectory, socketPath, settings });
      writeDaemonRecord(stateDirectory, { pid: process.pid, startTime: 1n, stack: "qemu", socketPath, bundle });
      const pid = qemu.pid ?? 0;
      writeVmProcesses(stateDirectory, [{ pid, startTime: startTime(pid) ?? 0n, what: "qemu" }]);
      const flags = { ...{ namespace: "ns", id: "c1", bundle, address: "", action: "delete" as const } };
      const { reply, problems } = await deleteTask({
        runtime,
        flags: { publishBinary: "", debug: false, info: false, version: false, ...flags },
        workingDirectory: bundle,
        env: {},
        askDaemon,
      });
      assert.deepEqual(problems, []);
      const { pid: told, exitStatus } = DeleteResponse.decode(reply);
      assert.deepEqual([told, exitStatus], [pid, 137]);
      assert.equal(isAlive(pid, startTime(pid) ?? 0n), false);
      assert.deepEqual(readdirSync(dir), ["c1"]);
      assert.deepEqual(readdirSync(bundle), ["precious"]);
    } finally {
      qemu.kill("SIGKILL");
      unmountRecursive(dir);
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
