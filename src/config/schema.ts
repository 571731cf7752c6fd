import { RUN_DIRECTORY, SOCKET_DIRECTORY, STACK } from "#os/src/config/defaults.ts";

/**
 * Every key of the shim's configuration, in one table: the reader checks against it, the settings take their defaults
 * from it, and the documentation lists it.
 */
export const LOG_LEVEL_NAMES = ["trace", "debug", "info", "warn", "error"] as const;
export const STACK_NAMES = ["hcs", "qemu", "remotevm", "local"] as const;
export const CHANNEL_NAMES = ["auto", "serial", "vsock"] as const;
export const ACCEL_NAMES = ["auto", "kvm", "tcg"] as const;
/** Less does not boot, or leaves nothing for a container (reference: qemu, 2). */
export const LEAST_MEMORY_MIB = 128;

export type KeyType =
  | { readonly kind: "string"; readonly allowed?: readonly string[]; readonly absolutePath?: boolean }
  | { readonly kind: "boolean" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  /** Accepted and not used: containerd writes them into the same table. */
  | { readonly kind: "ignored" };

export interface KeySchema {
  /** Dotted: table, then name. */
  readonly key: string;
  readonly type: KeyType;
  readonly fallback?: string | boolean | number;
  readonly about: string;
}

export const SCHEMA: readonly KeySchema[] = [
  {
    key: "stack",
    type: { kind: "string", allowed: STACK_NAMES },
    fallback: STACK,
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
    fallback: RUN_DIRECTORY,
    about: "Where the state of running pods lives, one directory a pod.",
  },
  {
    key: "socket_directory",
    type: { kind: "string", absolutePath: true },
    fallback: SOCKET_DIRECTORY,
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
  {
    key: "qemu.binary",
    type: { kind: "string" },
    fallback: "qemu-system-x86_64",
    about: "QEMU: a name or a path.",
  },
  {
    key: "qemu.virtiofsd",
    type: { kind: "string" },
    fallback: "/usr/lib/qemu/virtiofsd",
    about: "What serves directories of this host to the VM: a name or a path.",
  },
  {
    key: "qemu.image",
    type: { kind: "string", absolutePath: true },
    about: "Directory of the VM's kernel and root file system; default: where make install puts it.",
  },
  {
    key: "qemu.accel",
    type: { kind: "string", allowed: ACCEL_NAMES },
    fallback: "auto",
    about: "auto: KVM where the processor's own virtualization is to be had, else software emulation (TCG).",
  },
  {
    key: "qemu.channel",
    type: { kind: "string", allowed: CHANNEL_NAMES },
    fallback: "auto",
    about: "How host and guest talk. auto: serial, with which a VM can be saved. vsock: needs the module vhost_vsock.",
  },
  {
    key: "qemu.processors",
    type: { kind: "integer", min: 1, max: 255 },
    fallback: 1,
    about: "A VM's processors, at least.",
  },
  {
    key: "qemu.max_processors",
    type: { kind: "integer", min: 1, max: 255 },
    fallback: 4,
    about: "How far they may be added to while it runs.",
  },
  {
    key: "qemu.memory_mib",
    type: { kind: "integer", min: LEAST_MEMORY_MIB, max: 1024 * 1024 },
    fallback: 256,
    about: "A VM's memory in MiB, at least.",
  },
  {
    key: "qemu.max_memory_mib",
    type: { kind: "integer", min: LEAST_MEMORY_MIB, max: 1024 * 1024 },
    fallback: 4096,
    about: "How far it may be added to while it runs.",
  },
  {
    key: "qemu.kernel_arguments",
    type: { kind: "string" },
    about: "Appended to the guest kernel's command line.",
  },
  { key: "TypeUrl", type: { kind: "ignored" }, about: "CRI leaves it in the options table." },
  { key: "ConfigPath", type: { kind: "ignored" }, about: "CRI leaves it in the options table." },
];
