import type { Any } from "../../generated/google/protobuf.ts";
import { DNSConfig, LinuxPodSandboxConfig, PodSandboxConfig } from "../../generated/runtime/v1.ts";
import type { Logger } from "../../log/logger.ts";
import type { SandboxConfig } from "../../orchestration/sandbox/ports.ts";
import { messageOf, typeOf } from "../any.ts";

/** CRI's description of the pod where the options are such; others are another client's. Throws invalid-argument. */
export function sandboxConfig(any: Any | undefined, log: Logger): SandboxConfig | undefined {
  if (any === undefined || any.typeUrl === "") return undefined;
  if (typeOf(any) !== PodSandboxConfig.typeName) {
    log.debug("sandbox options are not CRI's; ignored", { type: any.typeUrl, bytes: any.value.length });
    return undefined;
  }
  const { hostname, dnsConfig, linux } = messageOf(PodSandboxConfig, any, "sandbox options");
  const { cgroupParent, sysctls } = linux ?? LinuxPodSandboxConfig.create();
  return { hostname, dns: dnsConfig ?? DNSConfig.create(), cgroupParent, sysctls: Object.fromEntries(sysctls) };
}
