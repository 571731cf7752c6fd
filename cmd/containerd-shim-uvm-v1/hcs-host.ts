import { openHcn } from "#os/cmd/containerd-shim-uvm-v1/hcn.ts";
import { windowsHost } from "#os/cmd/containerd-shim-uvm-v1/windows-host.ts";
import { createGuest } from "../../src/guestmanager/create-guest.ts";
import { createWindowsPodGuest } from "../../src/guestmanager/create-windows-guest.ts";
import { LcowBoot } from "../../src/guestmanager/lcow-boot.ts";
import { WcowBoot } from "../../src/guestmanager/wcow/boot.ts";
import { HcnPodNetwork } from "../../src/orchestration/network/hcn/pod-network.ts";
import type { PodOptions } from "../../src/orchestration/pod/ports.ts";
import type { DaemonContext } from "../../src/shim/daemon.ts";
import { bridgeTap, recordConsole } from "./recording.ts";

/** What a Windows host does for the pods in its VMs: their guests are of either system, and their networks HCN's. */
export function hcsHost({
  record: { settings },
  log,
}: Pick<DaemonContext, "record" | "log">): Pick<PodOptions, "createGuest" | "network" | "windows" | "runhcs"> {
  const hcn = openHcn();
  return {
    createGuest: ({ sockets, os, console }, listener) => {
      const tap = bridgeTap(listener);
      recordConsole(console);
      return os === "windows"
        ? createWindowsPodGuest({ sockets, log, tap, boot: new WcowBoot(log) })
        : createGuest({ sockets, log, tap, boot: new LcowBoot(log) });
    },
    network: ({ podId, warn }) => new HcnPodNetwork({ podId, hcn, warn }),
    ...windowsHost(log),
    runhcs: settings.runhcs ?? "",
  };
}
