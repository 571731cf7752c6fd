import { unlessAborted } from "../../errors/unless-aborted.ts";
import { Sandbox } from "../../generated/containerd/runtime/sandbox/v1.ts";
import type { Logger } from "../../log/logger.ts";
import type { Sandboxes } from "../../orchestration/sandbox/ports.ts";
import type { RpcOptions } from "../../orchestration/tasks.ts";
import type { Server } from "../../ttrpc/server.ts";
import type { Handlers, UnaryHandler } from "../../ttrpc/service.ts";
import { failedCall } from "../status.ts";
import { timestampOf } from "../timestamp.ts";
import { sandboxConfig } from "./sandbox-config.ts";

export interface SandboxServiceOptions {
  readonly sandboxes: Sandboxes;
  readonly log: Logger;
  /** The virtualization stack, for a verbose status. */
  readonly stack: string;
  /** The sandbox is shut down; the call is answered after it. */
  shutdown(): Promise<void>;
}

/** CRI parses these. */
const READY = "SANDBOX_READY";
const NOT_READY = "SANDBOX_NOTREADY";

/** GOARCH; what we are built for. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

export function registerSandboxService(server: Pick<Server, "register">, options: SandboxServiceOptions): void {
  server.register(Sandbox, sandboxHandlers(options));
}

/** Decode, call, encode; each error one line with its code. */
export function sandboxHandlers(options: SandboxServiceOptions): Handlers<typeof Sandbox> {
  const { sandboxes, log } = options;

  const rpc =
    <I extends { sandboxId: string }, O>(
      method: keyof (typeof Sandbox)["methods"],
      run: (request: I, call: RpcOptions) => O | Promise<O>,
    ): UnaryHandler<I, O> =>
    async (request, { signal }) => {
      try {
        return await unlessAborted(Promise.resolve(run(request, { signal })), signal);
      } catch (thrown) {
        throw failedCall(log, method, thrown, { id: request.sandboxId });
      }
    };

  return {
    createSandbox: rpc("CreateSandbox", async (request) => {
      const { sandboxId: id, bundlePath: bundle, netnsPath: networkNamespace } = request;
      const config = sandboxConfig(request.options, log);
      const annotations = Object.fromEntries(request.annotations);
      sandboxes.create({ id, bundle, networkNamespace, annotations, ...(config && { config }) });
      return {};
    }),
    startSandbox: rpc("StartSandbox", async ({ sandboxId }, call) => {
      const { pid, createdAt } = await sandboxes.start(sandboxId, call);
      return { pid, createdAt: timestampOf(createdAt), spec: undefined };
    }),
    platform: rpc("Platform", async () => {
      const architecture = ARCHITECTURES[process.arch] ?? process.arch;
      return { platform: { os: "linux", architecture, variant: "", osVersion: "", osFeatures: [] } };
    }),
    stopSandbox: rpc("StopSandbox", async ({ sandboxId }, call) => {
      await sandboxes.stop(sandboxId, call);
      return {};
    }),
    waitSandbox: rpc("WaitSandbox", async ({ sandboxId }, call) => {
      const { status, at } = await sandboxes.wait(sandboxId, call);
      return { exitStatus: status, exitedAt: timestampOf(at) };
    }),
    sandboxStatus: rpc("SandboxStatus", async ({ sandboxId, verbose }) => {
      const { ready, pid, state, networkNamespace, createdAt, exitedAt } = sandboxes.status(sandboxId);
      const info = new Map([
        ["pid", String(pid)],
        ["state", state],
        ["stack", options.stack],
        ...(networkNamespace === "" ? [] : [["networkSandboxPath", networkNamespace] as const]),
      ]);
      return {
        sandboxId,
        pid,
        state: ready ? READY : NOT_READY,
        info: verbose ? info : new Map(),
        createdAt: timestampOf(createdAt),
        exitedAt: exitedAt && timestampOf(exitedAt),
        extra: undefined,
      };
    }),
    pingSandbox: rpc("PingSandbox", async ({ sandboxId }) => {
      sandboxes.ping(sandboxId);
      return {};
    }),
    shutdownSandbox: rpc("ShutdownSandbox", async ({ sandboxId }, call) => {
      await sandboxes.shutdown(sandboxId, call);
      await options.shutdown();
      return {};
    }),
    sandboxMetrics: rpc("SandboxMetrics", async ({ sandboxId }, call) => {
      // Loaded late, as in the task service.
      const { metricsAny } = await import("../task/metrics.ts");
      const data = metricsAny(sandboxId, await sandboxes.metrics(sandboxId, call));
      return { metrics: { timestamp: timestampOf(new Date()), id: sandboxId, data } };
    }),
  };
}
