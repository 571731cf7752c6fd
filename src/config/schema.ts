/**
 * Every key of the shim's configuration, in one table: the reader checks against it, the settings take their defaults
 * from it, and the documentation lists it.
 */
export const LOG_LEVEL_NAMES = ["trace", "debug", "info", "warn", "error"] as const;
export const STACK_NAMES = ["hcs", "qemu", "remotevm", "local"] as const;

export type KeyType =
  | { readonly kind: "string"; readonly allowed?: readonly string[]; readonly absolutePath?: boolean }
  | { readonly kind: "boolean" }
  /** Accepted and not used: containerd writes them into the same table. */
  | { readonly kind: "ignored" };

export interface KeySchema {
  /** Dotted: table, then name. */
  readonly key: string;
  readonly type: KeyType;
  readonly fallback?: string | boolean;
  readonly about: string;
}

export const SCHEMA: readonly KeySchema[] = [
  {
    key: "stack",
    type: { kind: "string", allowed: STACK_NAMES },
    fallback: "qemu",
    about: "The virtualization stack. local runs containers on this host, without a VM.",
  },
  {
    key: "log_level",
    type: { kind: "string", allowed: LOG_LEVEL_NAMES },
    about: "Level of the shim's log; default: containerd's own.",
  },
  {
    key: "run_directory",
    type: { kind: "string", absolutePath: true },
    fallback: "/run/uvm-shim",
    about: "Where the state of running pods lives, one directory a pod.",
  },
  {
    key: "socket_directory",
    type: { kind: "string", absolutePath: true },
    fallback: "/run/containerd/s",
    about: "Where the pods' sockets are; a containerd that names a directory (2.3 and later) goes first.",
  },
  {
    key: "runc.binary",
    type: { kind: "string" },
    fallback: "runc",
    about: "The runc of stack local: a name or a path.",
  },
  {
    key: "runc.systemd_cgroup",
    type: { kind: "boolean" },
    fallback: false,
    about: "Let that runc make its cgroups through systemd.",
  },
  { key: "TypeUrl", type: { kind: "ignored" }, about: "CRI leaves it in the options table." },
  { key: "ConfigPath", type: { kind: "ignored" }, about: "CRI leaves it in the options table." },
];
