import type { SandboxController } from "../../src/orchestration/sandbox/controller.ts";
import type { StreamController } from "../../src/orchestration/stream/controller.ts";
import type { DaemonContext } from "../../src/shim/daemon.ts";
import type { Server } from "../../src/ttrpc/server.ts";
import type { DeferredPod } from "./deferred-pod.ts";

export interface LateServicesOptions {
  readonly pod: DeferredPod;
  readonly streams: StreamController;
  readonly context: DaemonContext;
}

/**
 * The services that no call of most pods' lives is for: each one's code is loaded by its first call, as it would be a
 * quarter of what a daemon loads before it answers. Returns the pod's sandbox, which is not there before such a call.
 */
export function registerLateServices(
  server: Pick<Server, "register" | "registerLate">,
  { pod, streams, context }: LateServicesOptions,
): Pick<SandboxController, "busy" | "close"> {
  const { log, record, report, shutdown } = context;
  const { podId, settings } = record;
  let sandbox: SandboxController | undefined;

  server.registerLate(["containerd.runtime.sandbox.v1.Sandbox"], async () => {
    const { registerSandboxService } = await import("../../src/service/sandbox/sandbox-service.ts");
    const { SandboxController } = await import("../../src/orchestration/sandbox/controller.ts");
    sandbox = new SandboxController(podId, () => pod.ready());
    registerSandboxService(server, { sandboxes: sandbox, log, stack: settings.stack, shutdown });
  });
  server.registerLate(["containerd.services.streaming.v1.Streaming"], async () => {
    const { registerStreamingService } = await import("../../src/service/streaming/streaming-service.ts");
    registerStreamingService(server, { streams, log });
  });
  server.registerLate(["containerd.services.transfer.v1.Transfer"], async () => {
    const { registerTransferService } = await import("../../src/service/transfer/transfer-service.ts");
    const { TransferController } = await import("../../src/orchestration/transfer/controller.ts");
    registerTransferService(server, { transfers: new TransferController(streams, pod), log });
  });
  server.registerLate(["containerd.runhcs.v1.diag.ShimDiag", "uvmshim.diag.v1.Diagnostics"], async () => {
    const { registerDiagServices } = await import("../../src/service/diag/diag-services.ts");
    registerDiagServices(server, {
      diagnostics: async () => (await pod.ready()).diagnostics,
      ...{ report, log, pid: process.pid },
      guestStacks: (options) => pod.guestStacks(options),
    });
  });
  return {
    busy: () => sandbox?.busy() === true,
    close: async (options) => await sandbox?.close(options),
  };
}
