import { vsockServiceId, WINDOWS_LOGGING_SERVICE_ID } from "../../../../prot/hvsocket.ts";
import type { InitOf } from "../../../../prot/json-codec.ts";
import type { HvSocketService } from "../../../options/hv-socket.ts";
import type { hvSocketSystemConfig } from "../schema/devices.ts";

type ConfigInit = InitOf<typeof hvSocketSystemConfig>;

/** The system and administrators. */
const HOST_ONLY = "D:P(A;;FA;;;SY)(A;;FA;;;BA)";
const EVERYONE = "D:P(A;;FA;;;WD)";

/** The guest dials these: entropy, logs, the GCS bridge, and the first port of its processes' stdio. */
const LINUX_PORTS = [1, 109, 0x4000_0000, 0x4000_0001];

/** Of a VM whose services are the host's own to bind. */
export function plainHvSocket(services: ReadonlyMap<string, HvSocketService>): ConfigInit {
  return { defaultBindSecurityDescriptor: HOST_ONLY, serviceTable: Object.fromEntries(services) };
}

/** Of a confidential LCOW VM: each port that it may use is listed, and goes over an annotation of the same service. */
export function confidentialHvSocket(
  services: ReadonlyMap<string, HvSocketService>,
  extraPorts: readonly number[],
): ConfigInit {
  const service = {
    allowWildcardBinds: true,
    bindSecurityDescriptor: EVERYONE,
    connectSecurityDescriptor: HOST_ONLY,
  };
  const ports = [...LINUX_PORTS, ...extraPorts].map((port) => [vsockServiceId(port), service] as const);
  return {
    defaultBindSecurityDescriptor: EVERYONE,
    defaultConnectSecurityDescriptor: HOST_ONLY,
    serviceTable: { ...Object.fromEntries(services), ...Object.fromEntries(ports) },
  };
}

/** Of a WCOW VM: its log service may dial the host where its logs are forwarded. */
export function windowsHvSocket(services: ReadonlyMap<string, HvSocketService>, forwardLogs: boolean): ConfigInit {
  const plain = plainHvSocket(services);
  if (!forwardLogs) return plain;
  const logs = {
    allowWildcardBinds: true,
    bindSecurityDescriptor: HOST_ONLY,
    connectSecurityDescriptor: HOST_ONLY,
  };
  return { ...plain, serviceTable: { ...plain.serviceTable, [WINDOWS_LOGGING_SERVICE_ID]: logs } };
}
