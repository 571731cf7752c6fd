import { runtime } from "#runtime";
import { StreamController } from "../../src/orchestration/stream/controller.ts";
import { withinBudgets } from "../../src/service/budgets.ts";
import { registerTaskService } from "../../src/service/task/task-service.ts";
import { tracedCalls } from "../../src/service/traced-calls.ts";
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
import { registerLateServices } from "./late-services.ts";
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
        const { createPod } = await loadPod(record.settings.stack);
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
  const { log, shutdown, abandoned, record } = context;
  const calls = withinBudgets();
  const server = new Server({
    interceptors: [...(isRecording() ? [tracedCalls()] : []), calls],
    onConnectionError: (error) => log.warn("a connection ended badly", { error }),
  });
  const statistics = record.settings.stack === "hcs" ? "runhcs" : "cgroups";
  registerTaskService(server, { tasks: pod, log, shimPid: process.pid, statistics, shutdown, abandoned });
  const sandbox = registerLateServices(server, { pod, streams, context });
  return {
    accept: (stream) => server.accept(stream),
    busy: () => pod.busy() || sandbox.busy(),
    get connections() {
      return server.connectionCount;
    },
    get callsUnderWay() {
      return calls.underWay;
    },
    report: () => pod.report(),
    guestStacks: (options) => pod.guestStacks(options),
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
