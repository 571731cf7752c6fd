import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runtime } from "#runtime";
import { resolveSettings } from "../config/settings.ts";
import { notFound } from "../errors/shim-error.ts";
import { DeleteResponse, Task } from "../generated/containerd/task/v2.ts";
import { Empty, Timestamp } from "../generated/google/protobuf.ts";
import { startTime } from "../sys/process.ts";
import { Server } from "../ttrpc/server.ts";
import type { Handlers } from "../ttrpc/service.ts";
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
