import { basename, join } from "node:path";
import { createStack } from "#os/cmd/containerd-shim-uvm-v1/stacks.ts";
import { openStdio } from "#os/src/stdio/open.ts";
import type { Settings } from "../../src/config/settings.ts";
import { assertNever } from "../../src/errors/shim-error.ts";
import { Options as RunhcsOptions } from "../../src/generated/containerd/runhcs/v1.ts";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import type { Logger } from "../../src/log/logger.ts";
import { loadSpec, type Spec } from "../../src/oci/spec.ts";
import { hostFiles } from "../../src/orchestration/container/host-files.ts";
import { hostRootfs } from "../../src/orchestration/container/rootfs.ts";
import { PodController } from "../../src/orchestration/pod/controller.ts";
import type { PodOptions } from "../../src/orchestration/pod/ports.ts";
import type { DaemonContext } from "../../src/shim/daemon.ts";
import { relay } from "../../src/stdio/relay.ts";
import type { StreamSource } from "../../src/stdio/streams.ts";
import { runhcsSettings } from "../../src/vmmanager/options/runhcs-settings.ts";
import { bridgeTap, recordConsole } from "./recording.ts";

/** What is wrong with a container's annotations is told, and no reason to refuse it: hcsshim passes over such as well. */
function checkedSpec(bundle: string, stack: Settings["stack"], log: Logger): Spec {
  const spec = loadSpec(bundle);
  const { annotations = {} } = spec;
  // As no create waits for it, nor needs it where there are none.
  if (Object.keys(annotations).length > 0) void tellProblems(annotations, `container ${basename(bundle)}`, stack, log);
  return spec;
}

/** Never rejects. */
async function tellProblems(
  annotations: Readonly<Record<string, string>>,
  of: string,
  stack: Settings["stack"],
  log: Logger,
): Promise<void> {
  try {
    const { checkAnnotations, unheededAnnotations } = await import("../../src/config/annotations/check.ts");
    for (const problem of checkAnnotations(annotations, of)) log.warn(problem);
    for (const problem of unheededAnnotations(annotations, stack, of)) log.info(problem);
  } catch (error) {
    log.warn(`the annotations of ${of} are not checked`, { error });
  }
}

/** What this host does for pods of this stack beside it, and what is to be known of their guests; loaded for that stack alone. */
async function hostOf(context: DaemonContext): Promise<Partial<PodOptions>> {
  const { stack } = context.record.settings;
  switch (stack) {
    case "local":
      return {};
    case "qemu":
    case "remotevm":
      return (await import("./linux-vm-host.ts")).linuxVmHost(context);
    case "hcs":
      return (await import("./hcs-host.ts")).hcsHost(context);
    default:
      return assertNever(stack);
  }
}

/** A pod, from its controller down to its stack. */
export async function createPod(context: DaemonContext, streams: StreamSource): Promise<PodController> {
  const { namespace, record, events, log, leaving } = context;
  const { settings, stateDirectory, podId } = record;
  const { ioRetryTimeoutMs: ioRetryMs = 0 } = runhcsSettings(
    RunhcsOptions.decode(Buffer.from(settings.runhcs ?? "", "base64")),
  );
  const stack = await createStack(settings, log);
  const host = await hostOf(context);
  return new PodController({
    id: podId,
    namespace,
    stateDirectory,
    stack,
    createGuest: ({ sockets, console }, listener) => {
      recordConsole(console);
      return createGuest({ sockets, log, tap: bridgeTap(listener) });
    },
    runc: {
      binary: settings.runc.binary,
      root: join(stateDirectory, "runc"),
      systemdCgroup: settings.runc.systemdCgroup,
    },
    ports: {
      loadSpec: (bundle) => checkedSpec(bundle, settings.stack, log),
      rootfs: hostRootfs,
      files: hostFiles,
      io: {
        open: (paths, process) =>
          openStdio(paths, process, { log: (message) => log.warn(message), streams, redial: { totalMs: ioRetryMs } }),
        relay,
      },
      events,
      warn: (message, error) => log.warn(message, { error }),
      note: (message) => log.info(message),
    },
    ...host,
    leaving,
  });
}
