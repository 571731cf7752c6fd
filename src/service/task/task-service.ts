import { unlessAborted } from "../../errors/unless-aborted.ts";
import { failpoint } from "../../failpoint/failpoint.ts";
import { ProcessDetails } from "../../generated/containerd/runc/v1.ts";
import { Task as TaskV2 } from "../../generated/containerd/task/v2.ts";
import { Task as TaskV3 } from "../../generated/containerd/task/v3.ts";
import { Status } from "../../generated/containerd/v1/types.ts";
import { type Any, Empty } from "../../generated/google/protobuf.ts";
import type { MessageType } from "../../generated/wire.ts";
import type { Logger } from "../../log/logger.ts";
import type { RpcOptions, TaskStatus, Tasks } from "../../orchestration/tasks.ts";
import type { Server } from "../../ttrpc/server.ts";
import type { Handlers, UnaryHandler } from "../../ttrpc/service.ts";
import { createError, failedCall, rpcError } from "../status.ts";
import { timestampOf } from "../timestamp.ts";
import { checkpointOptions, isOci, ociDocument, runtimeOptions } from "./any.ts";

/** Loaded late: their messages were an eighth of the code that a daemon starts with. */
const metrics = () => import("./metrics.ts");
const runhcsStatistics = () => import("./runhcs-statistics.ts");

export interface TaskServiceOptions {
  readonly tasks: Tasks;
  readonly log: Logger;
  readonly shimPid: number;
  /** What Stats answers: Metrics of the guest's cgroups (default), or hcsshim's Statistics, which Windows knows. */
  readonly statistics?: "cgroups" | "runhcs";
  /** Shutdown was asked for and nothing is held; the call is answered after it. */
  shutdown(): Promise<void>;
  /** The client that asked for a create is gone before its answer: the create is being taken back. */
  abandoned?(): void;
}

/** Both on one socket: they differ in nothing but the package (reference: containerd-shim 0.3). */
export function registerTaskService(server: Pick<Server, "register">, options: TaskServiceOptions): void {
  const handlers = taskHandlers(options);
  server.register(TaskV2, handlers);
  server.register(TaskV3, handlers);
}

type Method = keyof (typeof TaskV3)["methods"];
type TaskHandlers = Handlers<typeof TaskV3>;

const status: Readonly<Record<TaskStatus, Status>> = {
  created: Status.CREATED,
  running: Status.RUNNING,
  stopped: Status.STOPPED,
  paused: Status.PAUSED,
  pausing: Status.PAUSING,
};

/** Decode, call, encode; each error one line with its code. */
export function taskHandlers(options: TaskServiceOptions): TaskHandlers {
  const { tasks, log } = options;

  const rpc =
    <I extends { id: string }, O>(
      method: Method,
      run: (request: I, rpc: RpcOptions) => O | Promise<O>,
      errorOf = rpcError,
    ): UnaryHandler<I, O> =>
    async (request, { signal }) => {
      try {
        if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint(`task.${method.toLowerCase()}`);
        const answer = await unlessAborted(Promise.resolve(run(request, { signal })), signal);
        if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint(`task.${method.toLowerCase()}.answer`);
        return answer;
      } catch (thrown) {
        const error = failedCall(log, method, errorOf(thrown), { id: request.id });
        if (method === "Create" && error.kind === "canceled" && signal.aborted) options.abandoned?.();
        throw error;
      }
    };

  /** For what is answered in the turn that asks: no promise, no signal. A failpoint may take its time. */
  const atOnce = <I extends { id: string }, O>(method: Method, run: (request: I) => O): UnaryHandler<I, O> =>
    globalThis.UVM_SHIM_FAILPOINTS
      ? rpc(method, run)
      : (request) => {
          try {
            return run(request);
          } catch (thrown) {
            throw failedCall(log, method, rpcError(thrown), { id: request.id });
          }
        };

  const empty = Empty.create();
  return {
    state: atOnce("State", (request) => {
      const state = tasks.state(request);
      // Field by field: the two copies that a rest and a spread make were a good part of the whole call.
      return {
        id: state.id,
        bundle: state.bundle,
        pid: state.pid,
        status: status[state.status],
        stdin: state.stdin,
        stdout: state.stdout,
        stderr: state.stderr,
        terminal: state.terminal,
        exitStatus: state.exitStatus,
        exitedAt: state.exitedAt && timestampOf(state.exitedAt),
        execId: state.execId,
      };
    }),
    create: rpc(
      "Create",
      ({ options: any, parentCheckpoint: _, ...request }, call) => {
        const options = runtimeOptions(any, log);
        return tasks.create({ ...request, ...(options && { options }) }, call);
      },
      createError,
    ),
    start: rpc("Start", (request, call) => tasks.start(request, call)),
    delete: rpc("Delete", async (request, call) => {
      const { exitedAt, ...end } = await tasks.delete(request, call);
      return { ...end, exitedAt: timestampOf(exitedAt) };
    }),
    pids: rpc("Pids", async ({ id }, call) => {
      const processes = await tasks.pids(id, call);
      return {
        processes: processes.map(({ pid, execId }) => ({
          pid,
          info: execId === undefined ? undefined : pack(ProcessDetails, { execId }),
        })),
      };
    }),
    pause: rpc("Pause", async ({ id }, call) => {
      await tasks.pause(id, call);
      return empty;
    }),
    resume: rpc("Resume", async ({ id }, call) => {
      await tasks.resume(id, call);
      return empty;
    }),
    checkpoint: rpc("Checkpoint", async ({ id, path, options: any }, call) => {
      const { imagePath, exit } = checkpointOptions(any, log);
      await tasks.checkpoint(id, { path: imagePath || path, exit }, call);
      return empty;
    }),
    kill: rpc("Kill", async (request, call) => {
      await tasks.kill(request, request.signal, request.all, call);
      return empty;
    }),
    exec: rpc("Exec", async ({ spec, ...request }, call) => {
      const process = ociDocument(spec, "Process", `exec ${request.execId} in container ${request.id}`);
      await tasks.exec({ ...request, process }, call);
      return empty;
    }),
    resizePty: rpc("ResizePty", async (request, call) => {
      await tasks.resizePty(request, request.width, request.height, call);
      return empty;
    }),
    closeIO: rpc("CloseIO", async (request, call) => {
      if (request.stdin) await tasks.closeIO(request, call);
      return empty;
    }),
    update: rpc("Update", async ({ id, resources, annotations }, call) => {
      const os = isOci(resources, "WindowsResources") ? "windows" : "linux";
      const type = os === "windows" ? "WindowsResources" : "LinuxResources";
      const document = ociDocument(resources, type, `update of container ${id}`);
      await tasks.update(id, document, Object.fromEntries(annotations), { ...call, os });
      return empty;
    }),
    wait: rpc("Wait", async (request, call) => {
      const { exitStatus, exitedAt } = await tasks.wait(request, call);
      return { exitStatus, exitedAt: timestampOf(exitedAt) };
    }),
    stats: rpc("Stats", async ({ id }, call) => {
      const statistics = await tasks.stats(id, call);
      if (options.statistics !== "runhcs") return { stats: (await metrics()).metricsAny(id, statistics) };
      const { runhcsStatisticsAny } = await runhcsStatistics();
      return { stats: runhcsStatisticsAny(id, statistics, await tasks.vmStatistics(id, call)) };
    }),
    connect: atOnce("Connect", ({ id }) => ({ shimPid: options.shimPid, version: "", ...tasks.connect(id) })),
    shutdown: rpc("Shutdown", async () => {
      if (!tasks.busy()) await options.shutdown();
      return empty;
    }),
  };
}

function pack<T extends object>(type: MessageType<T>, message: T): Any {
  return { typeUrl: type.typeName, value: type.encode(message) };
}
