import { RuntimeInfo } from "../generated/containerd/types.ts";
import { PROGRAM, REVISION, RUNTIME_NAME, VERSION } from "./identity.ts";

/**
 * What a pod's containers can be given, as the OCI runtime spec's features document. Only what every stack and every
 * supported runc (1.1 and later) has: CRI turns a feature on that it finds here.
 */
const FEATURES = {
  ociVersionMin: "1.0.0",
  ociVersionMax: "1.0.2-dev",
  hooks: ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"],
  mountOptions: [
    "async",
    "atime",
    "bind",
    "defaults",
    "dev",
    "diratime",
    "dirsync",
    "exec",
    "mand",
    "noatime",
    "nodev",
    "nodiratime",
    "noexec",
    "nomand",
    "norelatime",
    "nostrictatime",
    "nosuid",
    "private",
    "rbind",
    "relatime",
    "remount",
    "ro",
    "rprivate",
    "rshared",
    "rslave",
    "runbindable",
    "rw",
    "shared",
    "slave",
    "strictatime",
    "suid",
    "sync",
    "tmpcopyup",
    "unbindable",
  ],
  linux: {
    namespaces: ["cgroup", "ipc", "mount", "network", "pid", "user", "uts"],
    cgroup: { v1: true, v2: true, systemd: true, systemdUser: true },
  },
};

/** `-info`: a RuntimeInfo for containerd (reference: containerd-shim, 1.7). Asks nothing of the host. */
export function runtimeInfo(): Uint8Array {
  return RuntimeInfo.encode({
    name: RUNTIME_NAME,
    version: { version: VERSION, revision: REVISION },
    options: undefined,
    features: {
      typeUrl: "types.containerd.io/opencontainers/runtime-spec/1/features/Features",
      value: new TextEncoder().encode(JSON.stringify(FEATURES)),
    },
    annotations: new Map(),
  });
}

/** `-v`: for people. */
export function versionText(): string {
  return `${PROGRAM}:\n  Version:  ${VERSION}\n  Revision: ${REVISION === "" ? "unknown" : REVISION}\n`;
}
