import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { notFound, ShimError, unimplemented } from "../../errors/shim-error.ts";
import { CheckpointOptions, ProcessDetails, Options as RuncOptions } from "../../generated/containerd/runc/v1.ts";
import { Statistics } from "../../generated/containerd/runhcs/stats/v1.ts";
import { Options as RunhcsOptions } from "../../generated/containerd/runhcs/v1.ts";
import {
  CreateTaskRequest,
  ExecProcessRequest,
  Task as TaskV2,
  UpdateTaskRequest,
} from "../../generated/containerd/task/v2.ts";
import { Task as TaskV3 } from "../../generated/containerd/task/v3.ts";
import { Status } from "../../generated/containerd/v1/types.ts";
import { Metrics as MetricsV1 } from "../../generated/io/containerd/cgroups/v1.ts";
import { Metrics as MetricsV2 } from "../../generated/io/containerd/cgroups/v2.ts";
import { createLogger } from "../../log/logger.ts";
import type { ProcessState, Tasks } from "../../orchestration/tasks.ts";
import { memoryStreamPair } from "../../transport/memory-stream.ts";
import { Client } from "../../ttrpc/client.ts";
import { Metadata } from "../../ttrpc/metadata.ts";
import { Server } from "../../ttrpc/server.ts";
import type { CallContext } from "../../ttrpc/service.ts";
import { withinBudgets } from "../budgets.ts";
import { rpcError } from "../status.ts";
import { registerTaskService, type TaskServiceOptions, taskHandlers } from "./task-service.ts";

const at = new Date(1_700_000_000_123);
const atOnWire = { seconds: 1_700_000_000n, nanos: 123_000_000 };
const oci = (type: string): string => `types.containerd.io/opencontainers/runtime-spec/1/${type}`;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Tasks that notes its calls, behind a real server and client. */
class Subject {
  readonly calls: unknown[][] = [];
  readonly lines: string[] = [];
  readonly server: Server;
  readonly client: Client;
  shutdowns = 0;
  abandoned = 0;
  held = true;
  state: ProcessState["status"] = "running";
  exitedAt: Date | undefined;
  statistics: { v1?: object; v2?: object } = { v1: {} };
  fail: (() => Promise<never>) | undefined;

  constructor(budget?: number, statistics?: TaskServiceOptions["statistics"]) {
    const scaled = budget === undefined ? {} : { "/containerd.task.v3.Task/Start": budget };
    this.server = new Server({ interceptors: [withinBudgets(scaled)] });
    const note =
      <R>(name: string, result: R) =>
      async (...args: unknown[]): Promise<R> => {
        this.calls.push([
          name,
          ...args.slice(0, name === "kill" || name === "resizePty" ? 3 : name === "checkpoint" ? 2 : 1),
        ]);
        await this.fail?.();
        return result;
      };
    const end = { pid: 5, exitStatus: 137, exitedAt: at };
    const tasks: Tasks = {
      create: note("create", { pid: 5 }),
      start: note("start", { pid: 5 }),
      state: ({ id, execId }) => ({
        id,
        execId,
        bundle: "/b",
        pid: 5,
        status: this.state,
        stdin: "i",
        stdout: "o",
        stderr: "e",
        terminal: true,
        exitStatus: 255,
        ...(this.exitedAt && { exitedAt: this.exitedAt }),
      }),
      delete: note("delete", end),
      pids: note("pids", [{ pid: 5 }, { pid: 6, execId: "e1" }]),
      pause: note("pause", undefined),
      resume: note("resume", undefined),
      checkpoint: note("checkpoint", undefined),
      kill: note("kill", undefined),
      exec: note("exec", undefined),
      resizePty: note("resizePty", undefined),
      closeIO: note("closeIO", undefined),
      update: async (id, resources, annotations, { os }) => {
        this.calls.push(["update", id, resources, annotations, os]);
        await this.fail?.();
      },
      wait: note("wait", { exitStatus: 3, exitedAt: at }),
      stats: async () => this.statistics,
      vmStatistics: async () => ({
        memory: { assignedBytes: 2n, workingSetBytes: 1n },
        processor: { totalNs: 4n, guestNs: 3n },
      }),
      connect: () => ({ taskPid: 5 }),
      busy: () => this.held,
    };
    const sink = { write: (line: string) => this.lines.push(line) };
    registerTaskService(this.server, {
      tasks,
      log: createLogger({ level: "debug", sink }),
      shimPid: 99,
      ...(statistics && { statistics }),
      shutdown: async () => {
        this.shutdowns += 1;
      },
      abandoned: () => {
        this.abandoned += 1;
      },
    });
    const [near, far] = memoryStreamPair();
    this.server.accept(far);
    this.client = new Client(near);
  }

  get task() {
    return this.client.service(TaskV3);
  }

  close(): void {
    this.client.close();
    this.server.close();
  }
}

const withSubject = (run: (s: Subject) => Promise<void>, budget?: number) => async (): Promise<void> => {
  const s = new Subject(budget);
  try {
    await run(s);
  } finally {
    s.close();
  }
};

const ref = { id: "c1", execId: "" };

describe("task service", () => {
  it(
    "answers v2 and v3 alike",
    withSubject(async (s) => {
      for (const service of [TaskV2, TaskV3]) {
        assert.deepEqual(await s.client.service(service).start({ id: "c1", execId: "e1" }), { pid: 5 });
      }
      assert.deepEqual(s.calls, [
        ["start", { id: "c1", execId: "e1" }],
        ["start", { id: "c1", execId: "e1" }],
      ]);
    }),
  );

  it(
    "takes a checkpoint's directory from its path or from runc's options, and whether it is the end",
    withSubject(async (s) => {
      await s.task.checkpoint({ id: "c1", path: "/p" });
      const { typeName: typeUrl } = CheckpointOptions;
      const value = CheckpointOptions.encode({ ...CheckpointOptions.create(), exit: true, imagePath: "/i" });
      await s.task.checkpoint({ id: "c1", path: "/p", options: { typeUrl, value } });
      await s.task.checkpoint({ id: "c1", path: "/p", options: { typeUrl: "another.Options", value } });
      const options = { typeUrl, value: Uint8Array.of(255) };
      await assert.rejects(s.task.checkpoint({ id: "c1", path: "/p", options }), { kind: "invalid-argument" });
      assert.deepEqual(s.calls, [
        ["checkpoint", "c1", { path: "/p", exit: false }],
        ["checkpoint", "c1", { path: "/i", exit: true }],
        ["checkpoint", "c1", { path: "/p", exit: false }],
      ]);
    }),
  );

  it(
    "carries each request and response over the wire",
    withSubject(async (s) => {
      assert.deepEqual(await s.task.delete(ref), { pid: 5, exitStatus: 137, exitedAt: atOnWire });
      assert.deepEqual(await s.task.wait(ref), { exitStatus: 3, exitedAt: atOnWire });
      await s.task.kill({ ...ref, signal: 15, all: true });
      await s.task.resizePty({ ...ref, width: 80, height: 25 });
      await s.task.closeIO({ ...ref, stdin: false });
      await s.task.closeIO({ ...ref, stdin: true });
      await s.task.pause({ id: "c1" });
      await s.task.resume({ id: "c1" });
      assert.deepEqual(
        s.calls.slice(2).map(([name, ...rest]) => [name, ...rest.slice(1)]),
        [["kill", 15, true], ["resizePty", 80, 25], ["closeIO"], ["pause"], ["resume"]],
      );
      const connected = await s.task.connect({ id: "c1" });
      assert.deepEqual([connected.shimPid, connected.taskPid], [99, 5]);
      const { processes } = await s.task.pids({ id: "c1" });
      assert.deepEqual(processes[0], { pid: 5, info: undefined });
      assert.equal(processes[1]?.info?.typeUrl, "containerd.runc.v1.ProcessDetails");
      assert.equal(ProcessDetails.decode(processes[1]?.info?.value ?? bytes("")).execId, "e1");
    }),
  );

  it(
    "tells every status and the exit time",
    withSubject(async (s) => {
      const expected = { created: 1, running: 2, stopped: 3, paused: 4, pausing: 5 } as const;
      for (const [name, number] of Object.entries(expected)) {
        s.state = name as keyof typeof expected;
        const answer = await s.task.state(ref);
        assert.equal(answer.status, number);
        assert.equal(answer.exitedAt, undefined);
      }
      s.exitedAt = at;
      assert.deepEqual((await s.task.state(ref)).exitedAt, atOnWire);
      assert.equal(Status.PAUSING, 5);
    }),
  );

  it(
    "create reads runc's options, with both spellings of the type, keeps runhcs' as they are, and leaves others alone",
    withSubject(async (s) => {
      const value = RuncOptions.encode(RuncOptions.create({ binaryName: "crun", systemdCgroup: true }));
      for (const prefix of ["", "type.googleapis.com/"]) {
        const any = { typeUrl: `${prefix}containerd.runc.v1.Options`, value };
        await s.task.create(CreateTaskRequest.create({ id: "c1", bundle: "/b", options: any }));
        const [, request] = s.calls.at(-1) as [string, { options: { binaryName: string; systemdCgroup: boolean } }];
        assert.deepEqual([request.options.binaryName, request.options.systemdCgroup], ["crun", true]);
      }
      const runhcs = RunhcsOptions.encode(RunhcsOptions.create({ sandboxPlatform: "linux/amd64" }));
      const windows = { typeUrl: "containerd.runhcs.v1.Options", value: runhcs };
      await s.task.create(CreateTaskRequest.create({ id: "c1", bundle: "/b", options: windows }));
      const [, taken] = s.calls.at(-1) as [string, { options: object }];
      assert.deepEqual(taken.options, { runhcs: Buffer.from(runhcs).toString("base64") });
      const foreign = { typeUrl: "acme.Options", value: bytes("\xff\xff") };
      await s.task.create(CreateTaskRequest.create({ id: "c1", options: foreign }));
      assert.ok(!Object.hasOwn(Object(s.calls.at(-1)?.[1]), "options"));
      assert.match(s.lines.join(), /level=debug.*acme\.Options/);
      const broken = { typeUrl: "containerd.runc.v1.Options", value: Uint8Array.of(0x32, 0x7f) };
      await assert.rejects(s.task.create(CreateTaskRequest.create({ id: "c1", options: broken })), {
        kind: "invalid-argument",
      });
    }),
  );

  it(
    "exec and update read OCI JSON without loss, and refuse what is none",
    withSubject(async (s) => {
      const any = (type: string, json: string) => ({ typeUrl: type, value: bytes(json) });
      for (const prefix of ["", "type.googleapis.com/"]) {
        const spec = any(prefix + oci("Process"), '{"args":["sh"],"big":18446744073709551615}');
        await s.task.exec(ExecProcessRequest.create({ id: "c1", execId: "e1", spec }));
        const [, request] = s.calls.at(-1) as [string, { process: unknown; execId: string }];
        assert.deepEqual(request.process, { args: ["sh"], big: 18446744073709551615n });
      }
      const resources = any(oci("LinuxResources"), '{"memory":{"limit":1}}');
      await s.task.update(UpdateTaskRequest.create({ id: "c1", resources, annotations: new Map([["a", "b"]]) }));
      const updated = ["update", "c1", { memory: { limit: 1 } }, { a: "b" }];
      assert.deepEqual(s.calls.at(-1), [...updated, "linux"]);
      const windows = any(oci("WindowsResources"), '{"memory":{"limit":1}}');
      await s.task.update(
        UpdateTaskRequest.create({ id: "c1", resources: windows, annotations: new Map([["a", "b"]]) }),
      );
      assert.deepEqual(s.calls.at(-1), [...updated, "windows"]);
      const calls = s.calls.length;
      const wrong = [undefined, any(oci("Spec"), "{}"), any(oci("Process"), "nonsense"), any(oci("Process"), "[]")];
      for (const spec of wrong) {
        const request = ExecProcessRequest.create({ id: "c1", execId: "e1", spec });
        await assert.rejects(s.task.exec(request), { kind: "invalid-argument", message: /^exec e1 in container c1: / });
      }
      await assert.rejects(s.task.update(UpdateTaskRequest.create({ id: "c1" })), { kind: "invalid-argument" });
      assert.equal(s.calls.length, calls);
    }),
  );

  it("stats: hcsshim's Statistics where the daemon says so, the VM's among them", async () => {
    const s = new Subject(undefined, "runhcs");
    try {
      s.statistics = { v1: { pids: { current: 7 } } };
      const answer = (await s.task.stats({ id: "c1" })).stats;
      assert.equal(answer?.typeUrl, "containerd.runhcs.stats.v1.Statistics");
      const { linux, vm } = Statistics.decode(answer.value);
      assert.deepEqual([linux?.pids?.current, vm?.processor?.totalRuntimeNs], [7n, 4n]);
    } finally {
      s.close();
    }
  });

  it(
    "stats: the v2 shape where there is one, else v1; nothing is not-found",
    withSubject(async (s) => {
      s.statistics = {
        v1: { pids: { current: 1 } },
        v2: {
          pids: { current: 3, limit: 2n ** 64n - 1n },
          memory: { usage: 4096, usage_limit: 18446744073709551615n, anon_thp: 7, psi: { some: { avg10: 0.5 } } },
          io: { usage: [{ major: 8, rbytes: 512 }, "nonsense"] },
          memory_events: { oom_kill: 2 },
          cpu: { usage_usec: -1, user_usec: 1.5, system_usec: "9", nr_periods: 4 },
          unheard_of: 1,
        },
      };
      const { stats } = await s.task.stats({ id: "c1" });
      assert.equal(stats?.typeUrl, "io.containerd.cgroups.v2.Metrics");
      const two = MetricsV2.decode(stats?.value ?? bytes(""));
      assert.deepEqual(two.pids, { current: 3n, limit: 2n ** 64n - 1n });
      assert.deepEqual([two.memory?.usage, two.memory?.usageLimit, two.memory?.anonThp], [4096n, 2n ** 64n - 1n, 7n]);
      assert.equal(two.memory?.psi?.some?.avg10, 0.5);
      assert.deepEqual(
        two.io?.usage.map((entry) => [entry.major, entry.rbytes]),
        [[8n, 512n]],
      );
      assert.equal(two.memoryEvents?.oomKill, 2n);
      const { usageUsec, userUsec, systemUsec, nrPeriods } = two.cpu ?? {};
      assert.deepEqual([usageUsec, userUsec, systemUsec, nrPeriods], [0n, 0n, 0n, 4n]);

      s.statistics = {
        v1: {
          cpu: { usage: { total: 10, per_cpu: [1, 2n, "x"] } },
          memory: { rss_huge: 5, kernel_tcp: { usage: 6 } },
          blkio: { io_service_bytes_recursive: [{ op: "Read", major: 8, value: 9 }] },
          memory_oom_control: { oom_kill: 1 },
        },
      };
      const answer = (await s.task.stats({ id: "c1" })).stats;
      assert.equal(answer?.typeUrl, "io.containerd.cgroups.v1.Metrics");
      const one = MetricsV1.decode(answer?.value ?? bytes(""));
      assert.deepEqual(one.cpu?.usage?.perCpu, [1n, 2n]);
      assert.deepEqual([one.memory?.rssHuge, one.memory?.kernelTcp?.usage], [5n, 6n]);
      assert.deepEqual([one.blkio?.ioServiceBytesRecursive[0]?.op, one.memoryOomControl?.oomKill], ["Read", 1n]);

      s.statistics = {};
      await assert.rejects(s.task.stats({ id: "c1" }), { kind: "not-found" });
    }),
  );

  it(
    "answers errors with their kind and one line",
    withSubject(async (s) => {
      s.fail = async () => {
        throw notFound("container c1 does not exist:\n  container not created\n");
      };
      await assert.rejects(s.task.start(ref), {
        kind: "not-found",
        message: "container c1 does not exist:; container not created",
      });
      s.fail = async () => {
        throw new TypeError("x is not a function");
      };
      await assert.rejects(s.task.start(ref), { kind: "internal", message: "x is not a function" });
    }),
  );

  it(
    "a create that is refused as unimplemented answers another code, or containerd would ask again in v2",
    withSubject(async (s) => {
      s.fail = async () => {
        throw unimplemented("rootfs: a mount of type nfs cannot be brought into a vm");
      };
      const request = CreateTaskRequest.create({ id: "c1", bundle: "/b" });
      for (const service of [TaskV2, TaskV3]) {
        await assert.rejects(s.client.service(service).create(request), {
          kind: "failed-precondition",
          message: "rootfs: a mount of type nfs cannot be brought into a vm",
        });
      }
      await assert.rejects(s.task.pause({ id: "c1" }), { kind: "unimplemented" });
    }),
  );

  it(
    "no call outlasts its budget, even if what is below never answers",
    withSubject(async (s) => {
      s.fail = () => new Promise(() => {});
      await assert.rejects(s.task.start(ref), {
        kind: "deadline-exceeded",
        message: "Start of c1 did not finish in 0.02 s",
      });
    }, 20),
  );

  it(
    "the client's deadline counts where it is shorter",
    withSubject(async (s) => {
      s.fail = () => new Promise(() => {});
      await assert.rejects(s.task.start(ref, { timeout: 20 }), { kind: "deadline-exceeded" });
    }),
  );

  it(
    "tells of a create whose client is gone, and of no other failure",
    withSubject(async (s) => {
      const request = CreateTaskRequest.create({ id: "c1", bundle: "/b" });
      s.fail = () => Promise.reject(new ShimError("canceled", "no"));
      await assert.rejects(s.task.create(request), { kind: "canceled" });
      s.fail = () => new Promise(() => {});
      const started = s.task.start(ref);
      const created = s.task.create(request);
      while (s.calls.length < 3) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(s.abandoned, 0);
      s.client.close();
      await Promise.all([assert.rejects(started), assert.rejects(created)]);
      while (s.abandoned === 0) await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(s.abandoned, 1);
    }),
  );

  it(
    "shutdown is heard only while nothing is held",
    withSubject(async (s) => {
      await s.task.shutdown({ id: "c1", now: true });
      assert.equal(s.shutdowns, 0);
      s.held = false;
      await s.task.shutdown({ id: "c1", now: false });
      assert.equal(s.shutdowns, 1);
    }),
  );
});

describe("State and Connect", () => {
  it("are answered in the turn that asks, without a promise, and through their budgets too", () => {
    const state: ProcessState = {
      ...{ id: "c", execId: "", bundle: "/b", pid: 5, status: "running", exitStatus: 0, terminal: false },
      ...{ stdin: "", stdout: "", stderr: "" },
    };
    const tasks: Pick<Tasks, "state" | "connect"> = { state: () => state, connect: () => ({ taskPid: 5 }) };
    const log = createLogger({ level: "error", sink: { write: () => undefined } });
    const options = { log, shimPid: 7, shutdown: async () => undefined };
    const handlers = taskHandlers({ ...options, tasks: tasks as Tasks });
    const { unary } = withinBudgets();
    for (const [method, run] of [
      ["State", () => handlers.state?.({ id: "c", execId: "" }, unasked("State"))],
      ["Connect", () => handlers.connect?.({ id: "c" }, unasked("Connect"))],
    ] as const) {
      const answer = unary?.({ id: "c" }, unasked(method), run);
      assert.ok(typeof answer === "object" && answer !== null && !("then" in answer), method);
    }
  });
});

/** A context of which nobody takes the signal: it would cost a timer. */
function unasked(method: string): CallContext {
  return {
    ...{ service: "containerd.task.v3.Task", method, fullMethod: `/containerd.task.v3.Task/${method}` },
    ...{ metadata: new Metadata(), deadline: undefined },
    get signal(): AbortSignal {
      throw new Error(`${method} asked for the signal`);
    },
  };
}

describe("rpcError", () => {
  it("keeps a ShimError of one line as it is", () => {
    const error = new ShimError("aborted", "no");
    assert.equal(rpcError(error), error);
  });
});
