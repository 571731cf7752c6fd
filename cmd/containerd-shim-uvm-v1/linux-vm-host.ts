import { availableParallelism, totalmem } from "node:os";
import type { Settings } from "../../src/config/settings.ts";
import type { Logger } from "../../src/log/logger.ts";
import type { Spec } from "../../src/oci/spec.ts";
import { hooksPaid, type OwedHooks, oweHooks } from "../../src/orchestration/container/owed-hooks.ts";
import { PodNetwork } from "../../src/orchestration/network/pod-network.ts";
import type { PodOptions } from "../../src/orchestration/pod/ports.ts";
import type { DaemonContext } from "../../src/shim/daemon.ts";
import { hostNetwork } from "../../src/vmmanager/host-network/host-network.ts";
import { sizeUvm } from "../../src/vmmanager/options/sizing.ts";
import { runHook } from "../../src/vmmanager/run-hook.ts";
import type { UvmSizing } from "../../src/vmmanager/sizing.ts";

/** What a Linux host does for pods in VMs: their size, their network and their hooks. */
export function linuxVmHost({
  record: { settings, stateDirectory, podId },
  log,
}: Pick<DaemonContext, "record" | "log">): Required<Pick<PodOptions, "host" | "network" | "sizing">> {
  return {
    host: { runHook, account: hookAccount(stateDirectory) },
    network: (pod) => new PodNetwork({ ...pod, host: hostNetwork }),
    sizing: (spec) => sizeVm(podId, configuredSize(settings), spec, log),
  };
}

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

function hookAccount(stateDirectory: string) {
  return {
    owe: (container: OwedHooks) => oweHooks(stateDirectory, container),
    paid: (id: string) => hooksPaid(stateDirectory, id),
  };
}
