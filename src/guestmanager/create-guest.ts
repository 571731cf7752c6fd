import { stringifyJson } from "../oci/json.ts";
import { V2_SCHEMA_VERSION, vmHostedContainerSettingsV2 } from "../prot/messages/create.ts";
import { BRIDGE_PORT } from "../prot/protocol.ts";
import { BridgeGuest, type GuestOptions, type GuestProfile } from "./bridge-guest.ts";
import type { GuestConnection } from "./connection.ts";
import { type GuestDirectories, guestDirectories } from "./directories.ts";
import type { ContainerDocument, Guest } from "./guest.ts";
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
import type { PodWindowsGuest } from "./wcow/managers.ts";

/** A Linux guest: the interface that every guest has, and the managers of its devices. */
export type LinuxGuest = Guest & LinuxManagers & SecurityPolicyManager;

export type LinuxManagers = GuestLayers &
  GuestDirectories &
  GuestScsi &
  GuestVpmem &
  GuestVpci &
  GuestNetwork &
  GuestMachine &
  GuestMemory &
  GuestUnixSockets &
  GuestPod;

/** A pod's guest, of either system. One with `windows` refuses all that a Linux guest alone knows. */
export type PodGuest = LinuxGuest & { readonly windows?: PodWindowsGuest };

const linux: GuestProfile<ContainerDocument> = {
  os: "linux",
  listen: (sockets) => sockets.listen(BRIDGE_PORT),
  containerConfig: (document) =>
    stringifyJson(vmHostedContainerSettingsV2.encode({ ...document, schemaVersion: V2_SCHEMA_VERSION })),
};

/** Refuses a guest that turns out to run Windows when it connects. */
export function createGuest(options: GuestOptions): LinuxGuest {
  const guest = new BridgeGuest(options, linux);
  return Object.assign(guest, linuxManagers(guest), securityPolicyManager(guest));
}

/** Of its devices. */
export function linuxManagers(guest: GuestConnection): LinuxManagers {
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
