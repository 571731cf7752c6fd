import { failedPrecondition, unimplemented } from "../errors/shim-error.ts";
import { stringifyJson } from "../oci/json.ts";
import { WINDOWS_GCS_SERVICE_ID } from "../prot/hvsocket.ts";
import { cwcowHostedSystem, hostedSystem, V2_SCHEMA_VERSION } from "../prot/messages/create.ts";
import { BRIDGE_PORT } from "../prot/protocol.ts";
import { BridgeGuest, type GuestOptions, type GuestProfile } from "./bridge-guest.ts";
import type { GuestConnection } from "./connection.ts";
import { linuxManagers, type PodGuest } from "./create-guest.ts";
import type { ContainerDocument, Guest, WindowsContainerDocument } from "./guest.ts";
import { type SecurityPolicyManager, securityPolicyManager } from "./security-policy.ts";
import { type PodWindowsGuest, type WindowsManagers, windowsManagers } from "./wcow/managers.ts";

/** A Windows guest: its own GCS (or the sidecar before it), which has none of our additive capabilities. */
export type WindowsGuest = Guest<WindowsContainerDocument> & WindowsManagers & SecurityPolicyManager;

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
