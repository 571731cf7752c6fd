import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Pod } from "../../prot/resources/pod.ts";
import { errorCode } from "../../sys/sys-error.ts";
import type { CreateSandbox, SandboxConfig } from "./ports.ts";

/** What the guest is told of its pod: of CRI's, what CRI's own sandbox container would bring. */
export function podSettings({ id, networkNamespace, config }: CreateSandbox): Pod {
  if (config === undefined) return { id, hostname: "", hosts: "", resolvConf: "" };
  return {
    id,
    // On the host's network a pod is the host by name, too.
    hostname: config.hostname || (networkNamespace === "" ? hostname() : ""),
    hosts: textOf("/etc/hosts"),
    resolvConf: resolvConf(config.dns) || textOf("/etc/resolv.conf"),
  };
}

function resolvConf({ servers, searches, options }: SandboxConfig["dns"]): string {
  return [
    ...(searches.length > 0 ? [`search ${searches.join(" ")}\n`] : []),
    ...servers.map((server) => `nameserver ${server}\n`),
    ...(options.length > 0 ? [`options ${options.join(" ")}\n`] : []),
  ].join("");
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return "";
    throw cause;
  }
}
