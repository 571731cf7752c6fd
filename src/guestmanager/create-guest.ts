import { failedPrecondition, unimplemented } from "../errors/shim-error.ts";
import { stringifyJson } from "../oci/json.ts";
import { WINDOWS_GCS_SERVICE_ID } from "../prot/hvsocket.ts";
import {
  cwcowHostedSystem,
  hostedSystem,
  V2_SCHEMA_VERSION,
  vmHostedContainerSettingsV2,
} from "../prot/messages/create.ts";
import { BRIDGE_PORT } from "../prot/protocol.ts";
import { BridgeGuest, type GuestOptions, type GuestProfile } from "./bridge-guest.ts";
import type { GuestConnection } from "./connection.ts";
import { type GuestDirectories, guestDirectories } from "./directories.ts";
import type { ContainerDocument, Guest, WindowsContainerDocument } from "./guest.ts";
import { type GuestLayers, guestLayers } from "./layers.ts";
import { type GuestMachine, guestMachine } from "./machine.ts";
import { type GuestMemory, guestMemory } from "./memory.ts";
import { type GuestNetwork, guestNetwork } from "./network.ts";
import { type GuestPod, guestPod } from "./pod.ts";
import { type GuestScsi, guestScsi } from "./scsi.ts";
import { type SecurityPolicyManager, securityPolicyManager } from "./security-policy.ts";
import { type GuestUnixSockets, guestUnixSockets } from "./sockets.ts";
import { type GuestVpci, guestVpci } from "./vpci.ts";
import { type GuestVpmem, guestVpmem } from "./vpmem.ts";
import { type CimsManager, cimsManager } from "./wcow/block-cims.ts";
import { type WcowDirectoryManager, wcowDirectoryManager } from "./wcow/directories.ts";
import { type HvSocketManager, hvSocketManager } from "./wcow/hvsocket.ts";
import { type WcowLayersManager, wcowLayersManager } from "./wcow/layers.ts";
import { type WcowLogForwarding, wcowLogForwarding } from "./wcow/log-forwarding.ts";
import { type WcowNetworkManager, wcowNetworkManager } from "./wcow/network.ts";
import { type WcowScsiManager, wcowScsiManager } from "./wcow/scsi.ts";

/** A Linux guest: the interface that every guest has, and the managers of its devices. */
export type LinuxGuest = Guest & LinuxManagers & SecurityPolicyManager;

type LinuxManagers = GuestLayers &
  GuestDirectories &
  GuestScsi &
  GuestVpmem &
  GuestVpci &
  GuestNetwork &
  GuestMachine &
  GuestMemory &
  GuestUnixSockets &
  GuestPod;

/** A Windows guest: its own GCS (or the sidecar before it), which has none of our additive capabilities. */
export type WindowsGuest = Guest<WindowsContainerDocument> & WindowsManagers & SecurityPolicyManager;

type WindowsManagers = WcowLayersManager &
  WcowDirectoryManager &
  WcowScsiManager &
  WcowNetworkManager &
  WcowLogForwarding &
  CimsManager &
  HvSocketManager;

/** A pod's guest, of either system. One with `windows` refuses all that a Linux guest alone knows. */
export type PodGuest = LinuxGuest & { readonly windows?: PodWindowsGuest };

/** What a Windows guest of a pod does in place of that. */
export type PodWindowsGuest = WindowsManagers &
  Pick<Guest<WindowsContainerDocument>, "capabilities" | "createContainer" | "createProcess">;

const linux: GuestProfile<ContainerDocument> = {
  os: "linux",
  listen: (sockets) => sockets.listen(BRIDGE_PORT),
  containerConfig: (document) =>
    stringifyJson(vmHostedContainerSettingsV2.encode({ ...document, schemaVersion: V2_SCHEMA_VERSION })),
};

const windows: GuestProfile<WindowsContainerDocument> = {
  os: "windows",
  // Sockets that know ports alone are no Windows guest's own, but one behind something that carries its bridge.
  listen: (sockets) => sockets.listenService?.(WINDOWS_GCS_SERVICE_ID) ?? sockets.listen(BRIDGE_PORT),
  containerConfig({ container, ociSpecification }) {
    const system = { schemaVersion: V2_SCHEMA_VERSION, container };
    if (ociSpecification === undefined) return stringifyJson(hostedSystem.encode(system));
    return stringifyJson(cwcowHostedSystem.encode({ spec: ociSpecification, cwcowHostedSystem: system }));
  },
};

/** Refuses a guest that turns out to run Windows when it connects. */
export function createGuest(options: GuestOptions): LinuxGuest {
  const guest = new BridgeGuest(options, linux);
  return Object.assign(guest, linuxManagers(guest), securityPolicyManager(guest));
}

/** Refuses a guest that turns out to run Linux when it connects. */
export function createWindowsGuest(options: GuestOptions): WindowsGuest {
  const guest = new BridgeGuest(options, windows);
  return Object.assign(guest, windowsManagers(guest), securityPolicyManager(guest));
}

/** A Windows guest as the one guest of a pod. Refuses one that turns out to run Linux, and a Linux container's document. */
export function createWindowsPodGuest(options: GuestOptions): PodGuest {
  const guest = new BridgeGuest<ContainerDocument | WindowsContainerDocument>(options, {
    ...windows,
    containerConfig(document) {
      if ("container" in document) return windows.containerConfig(document);
      throw failedPrecondition("the vm has a Windows guest; cannot create a Linux container in it");
    },
  });
  const own: PodWindowsGuest = {
    ...windowsManagers(guest),
    capabilities: () => guest.capabilities(),
    createContainer: (...container) => guest.createContainer(...container),
    createProcess: (...process) => guest.createProcess(...process),
  };
  return Object.assign(guest, linuxManagers(linuxOnly(guest)), securityPolicyManager(guest), { windows: own });
}

function linuxManagers(guest: GuestConnection): LinuxManagers {
  return {
    ...guestLayers(guest),
    ...guestDirectories(guest),
    ...guestScsi(guest),
    ...guestVpmem(guest),
    ...guestVpci(guest),
    ...guestNetwork(guest),
    ...guestMachine(guest),
    ...guestMemory(guest),
    ...guestUnixSockets(guest),
    ...guestPod(guest),
  };
}

function windowsManagers(guest: GuestConnection): WindowsManagers {
  return {
    ...wcowLayersManager(guest),
    ...wcowDirectoryManager(guest),
    ...wcowScsiManager(guest),
    ...wcowNetworkManager(guest),
    ...wcowLogForwarding(guest),
    ...cimsManager(guest),
    ...hvSocketManager(guest),
  };
}

/** Sends nothing: a Windows guest has other settings by the same names. */
function linuxOnly(guest: GuestConnection): GuestConnection {
  const { os, sockets, stdioPorts, requestTimeoutMs } = guest;
  const refuse = (): never => {
    throw unimplemented("the vm has a Windows guest; cannot ask of it what Linux guests alone know");
  };
  return {
    ...{ os, sockets, stdioPorts, requestTimeoutMs },
    capabilities: () => guest.capabilities(),
    bridge: refuse,
    call: async () => refuse(),
  };
}
