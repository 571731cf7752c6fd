import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runtime } from "#runtime";
import { until } from "../../test/harness/until.ts";
import { resolveSettings } from "../config/settings.ts";
import { notFound } from "../errors/shim-error.ts";
import { DeleteResponse, Task } from "../generated/containerd/task/v2.ts";
import { Empty, Timestamp } from "../generated/google/protobuf.ts";
import { oweHooks } from "../orchestration/container/owed-hooks.ts";
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

describe("delete of a pod on this host whose daemon was killed", () => {
  let dir = "";
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "uvm-delete-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** With a runc that does this, and then says in a file that it is done. */
  async function deleted(script: string, budgetMs: number): Promise<{ problems: string[]; runcIsDone: () => boolean }> {
    const [bundle, stateDirectory, socketPath] = [join(dir, "c1"), join(dir, "ns/c1"), join(dir, "socket")];
    const [runcBinary, runcRoot, done] = [join(dir, "runc"), join(stateDirectory, "runc"), join(dir, "done")];
    mkdirSync(bundle);
    mkdirSync(join(runcRoot, "c1"), { recursive: true });
    writeFileSync(runcBinary, `#!/bin/sh\n${script}; touch ${done}\n`, { mode: 0o755 });
    const settings = { ...(await resolveSettings({})), stack: "local" as const };
    writeBundleRecord(bundle, { podId: "c1", stateDirectory, socketPath, settings });
    const daemon = { pid: process.pid, startTime: 1n, stack: "local" as const, socketPath, bundle };
    writeDaemonRecord(stateDirectory, { ...daemon, runcBinary, runcRoot });
    const flags = { ...{ namespace: "ns", id: "c1", bundle, address: "", action: "delete" as const } };
    const { problems } = await deleteTask({
      runtime,
      flags: { publishBinary: "", debug: false, info: false, version: false, ...flags },
      workingDirectory: bundle,
      env: process.env,
      askDaemon,
      budgetMs,
    });
    return { problems, runcIsDone: () => existsSync(done) };
  }

  it("gives runc nearly all of the time that containerd gives us", async () => {
    const { problems, runcIsDone } = await deleted("sleep 3", 5000);
    assert.deepEqual(problems, []);
    assert.ok(runcIsDone());
  });

  it("lets a runc go on that needs longer: what it does not remove, nobody does", async () => {
    // A time of its own would run out under a machine that stood still.
    const release = join(dir, "release");
    const { problems, runcIsDone } = await deleted(
      `while [ -d ${dir} ] && ! [ -e ${release} ]; do sleep 0.05; done`,
      200,
    );
    assert.match(problems.join(), /^container c1 cannot be deleted: .* did not finish in 0\.[01]\d* s/);
    assert.ok(!runcIsDone());
    writeFileSync(release, "");
    await until("runc is done", runcIsDone);
  });
});

describe("delete of a pod whose daemon was killed", {
  skip: process.getuid?.() === 0 ? false : "mount(2) wants root",
}, () => {
  it("ends the VM by pid and start time, takes its shares and state away, runs its poststop hooks", async () => {
    const dir = mkdtempSync(join(tmpdir(), "uvm-delete-"));
    const qemu = spawn("sleep", ["1000"]);
    try {
      const [bundle, stateDirectory, socketPath] = [join(dir, "c1"), join(dir, "ns/p1"), join(dir, "socket")];
      const share = join(stateDirectory, "shared/one");
      mkdirSync(bundle);
      mkdirSync(share, { recursive: true });
      writeFileSync(join(bundle, "precious"), "");
      // As nerdctl's, which gives the container's address back; and one that fails, one that hangs.
      const hook = (script: string) => ({ path: "/bin/sh", args: ["sh", "-c", script], env: ["PATH=/bin:/usr/bin"] });
      const poststop = [hook(`cat >${dir}/told`), hook("echo no lease >&2; exit 3"), hook("exec sleep 1000")];
      writeFileSync(join(bundle, "config.json"), JSON.stringify({ ociVersion: "1.1.0", hooks: { poststop } }));
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
        budgetMs: 6000,
      });
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? "", /hook \/bin\/sh exited with 3: no lease; hook \/bin\/sh did not finish in [0-5]/);
      const { id, status, bundle: cwd } = JSON.parse(readFileSync(join(dir, "told"), "utf8"));
      assert.deepEqual([id, status, cwd], ["c1", "stopped", bundle]);
      const { pid: told, exitStatus } = DeleteResponse.decode(reply);
      assert.deepEqual([told, exitStatus], [pid, 137]);
      assert.equal(isAlive(pid, startTime(pid) ?? 0n), false);
      assert.deepEqual(readdirSync(dir).sort(), ["c1", "told"]);
      assert.deepEqual(readdirSync(bundle).sort(), ["config.json", "precious", "uvm-shim.json"]);
    } finally {
      qemu.kill("SIGKILL");
      unmountRecursive(dir);
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it("runs the poststop hooks of the other members, whose own delete finds nothing of the pod any more", async () => {
    const dir = mkdtempSync(join(tmpdir(), "uvm-delete-"));
    try {
      const [stateDirectory, socketPath] = [join(dir, "ns/p1"), join(dir, "socket")];
      const settings = { ...(await resolveSettings({})), stack: "qemu" as const };
      for (const id of ["p1", "c1", "c2"]) {
        mkdirSync(join(dir, id));
        const poststop = [{ path: "/bin/sh", args: ["sh", "-c", `echo ran >>${dir}/${id}.log`], env: ["PATH=/bin"] }];
        writeFileSync(join(dir, id, "config.json"), JSON.stringify({ ociVersion: "1.1.0", hooks: { poststop } }));
        writeBundleRecord(join(dir, id), { podId: "p1", stateDirectory, socketPath, settings });
      }
      const bundle = join(dir, "p1");
      writeDaemonRecord(stateDirectory, { pid: process.pid, startTime: 1n, stack: "qemu", socketPath, bundle });
      // The daemon has run those of c2.
      for (const id of ["p1", "c1"]) oweHooks(stateDirectory, { id, bundle: join(dir, id) });
      const remove = async (id: string): Promise<void> => {
        const flags = { ...{ namespace: "ns", id, bundle: join(dir, id), address: "", action: "delete" as const } };
        const { problems } = await deleteTask({
          runtime,
          flags: { publishBinary: "", debug: false, info: false, version: false, ...flags },
          workingDirectory: join(dir, id),
          env: {},
          askDaemon,
        });
        assert.deepEqual(problems, []);
      };
      for (const id of ["p1", "c1", "c2"]) await remove(id);
      const logs = readdirSync(dir).filter((name) => name.endsWith(".log"));
      assert.deepEqual(logs.sort(), ["c1.log", "p1.log"]);
      for (const log of logs) assert.equal(readFileSync(join(dir, log), "utf8"), "ran\n");
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
