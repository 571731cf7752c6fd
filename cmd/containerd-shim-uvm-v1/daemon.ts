import { runtime } from "#runtime";
import { SandboxController } from "../../src/orchestration/sandbox/controller.ts";
import { StreamController } from "../../src/orchestration/stream/controller.ts";
import { TransferController } from "../../src/orchestration/transfer/controller.ts";
import { withinBudgets } from "../../src/service/budgets.ts";
import { registerDiagServices } from "../../src/service/diag/diag-services.ts";
import { registerSandboxService } from "../../src/service/sandbox/sandbox-service.ts";
import { registerStreamingService } from "../../src/service/streaming/streaming-service.ts";
import { registerTaskService } from "../../src/service/task/task-service.ts";
import { tracedCalls } from "../../src/service/traced-calls.ts";
import { registerTransferService } from "../../src/service/transfer/transfer-service.ts";
import { ContainerdEvents } from "../../src/shim/containerd-events.ts";
import {
  type DaemonContext,
  type DaemonOptions,
  type RunningDaemon,
  runDaemon,
  type Service,
} from "../../src/shim/daemon.ts";
import type { Flags } from "../../src/shim/flags.ts";
import type { BundleRecord } from "../../src/shim/records.ts";
import { isRecording } from "../../src/tracing/span.ts";
import { Server } from "../../src/ttrpc/server.ts";
import { DeferredPod } from "./deferred-pod.ts";
import { loadPod } from "./load-pod.ts";

export interface ServingDaemon {
  /** Undefined where another already serves the pod. */
  readonly daemon: RunningDaemon | undefined;
  /** Loads what the first create needs: once the address is told. */
  prepare(): void;
}

/** Serves the pod of the record from this process. `trim` gives back what memory the process needs no more. */
export async function serveDaemon(
  flags: Flags,
  record: BundleRecord,
  upkeep: Pick<DaemonOptions, "trim" | "spares">,
): Promise<ServingDaemon> {
  const ttrpcAddress = process.env.TTRPC_ADDRESS ?? "";
  let prepare: () => void = () => undefined;
  const daemon = await runDaemon({
    runtime,
    flags,
    bundle: process.cwd(),
    record,
    ...upkeep,
    forwarder: ttrpcAddress === "" ? undefined : new ContainerdEvents(ttrpcAddress, flags.namespace),
    build(context) {
      const streams = new StreamController(record.socketPath);
      const pod = new DeferredPod(async () => {
        const { createPod } = await loadPod();
        return createPod(context, streams);
      });
      // Its failure is told to whoever needs it: the first create.
      prepare = () => void pod.ready().catch(() => undefined);
      return serve(pod, streams, context);
    },
  });
  return { daemon, prepare };
}

function serve(pod: DeferredPod, streams: StreamController, context: DaemonContext): Service {
  const { log, shutdown, abandoned, record, report } = context;
  const sandbox = new SandboxController(record.podId, () => pod.ready());
  const busy = (): boolean => pod.busy() || sandbox.busy();
  const calls = withinBudgets();
  const server = new Server({
    interceptors: [...(isRecording() ? [tracedCalls()] : []), calls],
    onConnectionError: (error) => log.warn("a connection ended badly", { error }),
  });
  const statistics = record.settings.stack === "hcs" ? "runhcs" : "cgroups";
  registerTaskService(server, { tasks: pod, log, shimPid: process.pid, statistics, shutdown, abandoned });
  registerSandboxService(server, { sandboxes: sandbox, log, stack: record.settings.stack, shutdown });
  registerStreamingService(server, { streams, log });
  registerTransferService(server, { transfers: new TransferController(streams, pod), log });
  const guestStacks = (options: { signal: AbortSignal }): Promise<string | undefined> => pod.guestStacks(options);
  const diagnostics = async () => (await pod.ready()).diagnostics;
  registerDiagServices(server, { diagnostics, report, guestStacks, log, pid: process.pid });
  return {
    accept: (stream) => server.accept(stream),
    busy,
    get connections() {
      return server.connectionCount;
    },
    get callsUnderWay() {
      return calls.underWay;
    },
    report: () => pod.report(),
    guestStacks,
    async stop(options) {
      await sandbox.close(options);
      await pod.close(options);
    },
    drain(options) {
      // Streams and those who follow are calls without an end of their own.
      streams.close();
      pod.closeDiagnostics();
      return server.shutdown(options);
    },
  };
}
