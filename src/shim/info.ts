import { RuntimeInfo } from "../generated/containerd/types.ts";
import { supportedSchemes } from "../stdio/uri.ts";
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
    "rro",
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
    // CRI gives a pod a user namespace only where the mounts can be mapped as well: by runc from 1.2 on, by no virtio-fs.
    mountExtensions: { idmap: { enabled: false } },
  },
};

/**
 * Mount types that containerd (2.2 and later) hands over as they are instead of mounting them itself (reference:
 * containerd-shim, 1.18). containerd asks once for all pods, so only what every stack does: a VM gets these as disks, the
 * local stack mounts them on this host. mkfs/ stays containerd's: it makes the image before anybody can mount it.
 */
const ALLOW_MOUNTS = "mkdir/*,format/*,erofs";

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
    annotations: new Map([
      ["containerd.io/runtime-allow-mounts", ALLOW_MOUNTS],
      // As containerd's own export of its plugin is called.
      ["log-uri-schemes", supportedSchemes.join(",")],
    ]),
  });
}

/** `-v`: for people. */
export function versionText(): string {
  return `${PROGRAM}:\n  Version:  ${VERSION}\n  Revision: ${REVISION === "" ? "unknown" : REVISION}\n`;
}
