import { availableParallelism, totalmem } from "node:os";
import { basename, join } from "node:path";
import { openHcn } from "#os/cmd/containerd-shim-uvm-v1/hcn.ts";
import { createStack } from "#os/cmd/containerd-shim-uvm-v1/stacks.ts";
import { windowsHost } from "#os/cmd/containerd-shim-uvm-v1/windows-host.ts";
import { openStdio } from "#os/src/stdio/open.ts";
import { checkAnnotations, unheededAnnotations } from "../../src/config/annotations/check.ts";
import type { Settings } from "../../src/config/settings.ts";
import { Options as RunhcsOptions } from "../../src/generated/containerd/runhcs/v1.ts";
import { spanTap } from "../../src/guestmanager/bridge/span-tap.ts";
import { createGuest, createWindowsPodGuest } from "../../src/guestmanager/create-guest.ts";
import { LcowBoot } from "../../src/guestmanager/lcow-boot.ts";
import { WcowBoot } from "../../src/guestmanager/wcow/boot.ts";
import type { Logger } from "../../src/log/logger.ts";
import { loadSpec, type Spec } from "../../src/oci/spec.ts";
import { hostFiles } from "../../src/orchestration/container/host-files.ts";
import { hooksPaid, type OwedHooks, oweHooks } from "../../src/orchestration/container/owed-hooks.ts";
import { hostRootfs } from "../../src/orchestration/container/rootfs.ts";
import { PodController } from "../../src/orchestration/pod/controller.ts";
import type { DaemonContext } from "../../src/shim/daemon.ts";
import { relay } from "../../src/stdio/relay.ts";
import type { StreamSource } from "../../src/stdio/streams.ts";
import { recordConsoleLine } from "../../src/tracing/console-spans.ts";
import { isRecording } from "../../src/tracing/span.ts";
import { hostNetwork } from "../../src/vmmanager/host-network/host-network.ts";
import { runhcsSettings } from "../../src/vmmanager/options/runhcs-settings.ts";
import { sizeUvm } from "../../src/vmmanager/options/sizing.ts";
import { runHook } from "../../src/vmmanager/run-hook.ts";
import type { UvmSizing } from "../../src/vmmanager/sizing.ts";

/** The least, and how far it may grow: where the stack can't, no further than it is made. */
function configuredSize({ stack, qemu, remotevm }: Settings): UvmSizing {
  if (stack !== "remotevm") return qemu;
  const { processors, memoryMiB } = remotevm;
  return { processors, maxProcessors: processors, memoryMiB, maxMemoryMiB: memoryMiB };
}

function sizeVm(pod: string, configured: UvmSizing, spec: Spec, log: Logger): UvmSizing {
  const host = { hostProcessors: availableParallelism(), hostMemoryMiB: Math.floor(totalmem() / 2 ** 20) };
  return sizeUvm({ pod, configured, spec, ...host, warn: (message) => log.warn(message) });
}

/** What is wrong with a container's annotations is told, and no reason to refuse it: hcsshim passes over such as well. */
function checkedSpec(bundle: string, stack: Settings["stack"], log: Logger): Spec {
  const spec = loadSpec(bundle);
  const { annotations = {} } = spec;
  const of = `container ${basename(bundle)}`;
  for (const problem of checkAnnotations(annotations, of)) log.warn(problem);
  for (const problem of unheededAnnotations(annotations, stack, of)) log.info(problem);
  return spec;
}

function hookAccount(stateDirectory: string) {
  return {
    owe: (container: OwedHooks) => oweHooks(stateDirectory, container),
    paid: (id: string) => hooksPaid(stateDirectory, id),
  };
}

/** A pod, from its controller down to its stack. */
export async function createPod(context: DaemonContext, streams: StreamSource): Promise<PodController> {
  const { namespace, record, events, log, leaving } = context;
  const { settings, stateDirectory, podId } = record;
  const { ioRetryTimeoutMs: ioRetryMs = 0 } = runhcsSettings(
    RunhcsOptions.decode(Buffer.from(settings.runhcs ?? "", "base64")),
  );
  const isLinuxVm = settings.stack === "qemu" || settings.stack === "remotevm";
  return new PodController({
    id: podId,
    namespace,
    stateDirectory,
    stack: await createStack(settings, log),
    createGuest: ({ sockets, stack, os, console }, listener) => {
      const tap = isRecording() ? spanTap(listener) : listener;
      if (isRecording()) console?.follow(1, recordConsoleLine);
      return os === "windows"
        ? createWindowsPodGuest({ sockets, log, tap, boot: new WcowBoot(log) })
        : createGuest({ sockets, log, tap, ...(stack === "hcs" && { boot: new LcowBoot(log) }) });
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
    ...(isLinuxVm && {
      host: { network: hostNetwork, runHook, account: hookAccount(stateDirectory) },
    }),
    ...(settings.stack === "hcs" && { hcn: openHcn(), ...windowsHost(log), runhcs: settings.runhcs ?? "" }),
    ...(isLinuxVm && { sizing: (spec) => sizeVm(podId, configuredSize(settings), spec, log) }),
    leaving,
  });
}
