import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SocketAddress } from "../../sys/windows/socket-address.ts";

/** Where the services are that one VM's guest dials. */
export interface ServiceSpace {
  address(serviceId: string): SocketAddress;
  /** Told when a service is listened on; what it answers is called when it is no more. */
  announce?(serviceId: string, port: number): () => void;
}

/** Hyper-V's own: only that VM can dial them. `vmId` is the system's RuntimeId. */
export function vmServices(vmId: string): ServiceSpace {
  return { address: (serviceId) => ({ family: "hyperv", vmId, serviceId }) };
}

/** Names the directory of `loopbackServices`; only builds for tests look at it. */
export const HVSOCKET_DIRECTORY_VARIABLE = "UVM_SHIM_HVSOCKET_DIRECTORY";

/**
 * Loopback TCP ports in their place, for tests where there is no Hyper-V: the file that `serviceFile` names says which port a
 * VM's service is on. Anybody on this machine could dial them.
 */
export function loopbackServices(directory: string, vmId: string): ServiceSpace {
  return {
    address: () => ({ family: "inet", port: 0 }),
    announce(serviceId, port) {
      const file = serviceFile(directory, vmId, serviceId);
      mkdirSync(directory, { recursive: true });
      const written = `${file}.${randomBytes(4).toString("hex")}`;
      writeFileSync(written, `${port}\n`);
      renameSync(written, file);
      return () => rmSync(file, { force: true });
    },
  };
}

export function serviceFile(directory: string, vmId: string, serviceId: string): string {
  return join(directory, `${vmId}_${serviceId}`.toLowerCase());
}

/** The space of a VM in this build. */
export function serviceSpace(vmId: string): ServiceSpace {
  const directory = globalThis.UVM_SHIM_FAILPOINTS ? process.env[HVSOCKET_DIRECTORY_VARIABLE] : undefined;
  return directory === undefined ? vmServices(vmId) : loopbackServices(directory, vmId);
}
