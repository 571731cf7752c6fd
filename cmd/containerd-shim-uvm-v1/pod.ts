import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { openHcn } from "#os/cmd/containerd-shim-uvm-v1/hcn.ts";
import { createStack } from "#os/cmd/containerd-shim-uvm-v1/stacks.ts";
import { windowsHost } from "#os/cmd/containerd-shim-uvm-v1/windows-host.ts";
import { openStdio } from "#os/src/stdio/open.ts";
import type { QemuSettings } from "../../src/config/settings.ts";
import { Options as RunhcsOptions } from "../../src/generated/containerd/runhcs/v1.ts";
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
import { hostNetwork } from "../../src/vmmanager/host-network/host-network.ts";
import { runhcsSettings } from "../../src/vmmanager/options/runhcs-settings.ts";
import { sizeUvm } from "../../src/vmmanager/options/sizing.ts";
import { runHook } from "../../src/vmmanager/run-hook.ts";
import type { UvmSizing } from "../../src/vmmanager/sizing.ts";

function sizeVm(configured: QemuSettings, spec: Spec, log: Logger): UvmSizing {
  const host = { hostProcessors: availableParallelism(), hostMemoryMiB: Math.floor(totalmem() / 2 ** 20) };
  return sizeUvm({ configured, spec, ...host, warn: (message) => log.warn(message) });
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
  return new PodController({
    id: podId,
    namespace,
    stateDirectory,
    stack: await createStack(settings, log),
    createGuest: ({ sockets, stack, os }, tap) =>
      os === "windows"
        ? createWindowsPodGuest({ sockets, log, tap, boot: new WcowBoot(log) })
        : createGuest({ sockets, log, tap, ...(stack === "hcs" && { boot: new LcowBoot(log) }) }),
    runc: {
      binary: settings.runc.binary,
      root: join(stateDirectory, "runc"),
      systemdCgroup: settings.runc.systemdCgroup,
    },
    ports: {
      loadSpec,
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
    ...(settings.stack === "qemu" && {
      host: { network: hostNetwork, runHook, account: hookAccount(stateDirectory) },
    }),
    ...(settings.stack === "hcs" && { hcn: openHcn(), ...windowsHost(log), runhcs: settings.runhcs ?? "" }),
    ...(settings.stack === "qemu" && { sizing: (spec) => sizeVm(settings.qemu, spec, log) }),
    leaving,
  });
}
