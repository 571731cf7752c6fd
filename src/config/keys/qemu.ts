import { TEMPLATE_DIRECTORY } from "#os/src/config/defaults.ts";
import type { Key } from "../key.ts";

export const CHANNEL_NAMES = ["auto", "serial", "vsock"] as const;
export const ACCEL_NAMES = ["auto", "kvm", "tcg"] as const;
/** Less does not boot, or leaves nothing for a container (reference: qemu, 2). */
export const LEAST_MEMORY_MIB = 128;

/** `[qemu]`. */
export const qemuKeys: readonly Key[] = [
  {
    key: "qemu.binary",
    type: { kind: "string" },
    fallback: "qemu-system-x86_64",
    meaning: "QEMU: a name or a path.",
  },
  {
    key: "qemu.virtiofsd",
    type: { kind: "string" },
    fallback: "/usr/lib/qemu/virtiofsd",
    meaning: "What serves directories of this host to the VM: a name or a path.",
  },
  {
    key: "qemu.image",
    type: { kind: "string", absolutePath: true },
    otherwise: "where make install puts it",
    meaning: "Directory of the VM's kernel and root file system.",
  },
  {
    key: "qemu.accel",
    type: { kind: "string", allowed: ACCEL_NAMES },
    fallback: "auto",
    meaning: "auto: KVM where the processor's own virtualization is to be had, else software emulation (TCG).",
  },
  {
    key: "qemu.channel",
    type: { kind: "string", allowed: CHANNEL_NAMES },
    fallback: "auto",
    meaning:
      "How host and guest talk. auto: serial, with which a VM can be saved. vsock: needs the module vhost_vsock.",
  },
  {
    key: "qemu.processors",
    type: { kind: "integer", min: 1, max: 255 },
    fallback: 1,
    meaning: "A VM's processors, at least.",
  },
  {
    key: "qemu.max_processors",
    type: { kind: "integer", min: 1, max: 255 },
    fallback: 4,
    meaning: "How far they may be added to while it runs.",
  },
  {
    key: "qemu.memory_mib",
    type: { kind: "integer", min: LEAST_MEMORY_MIB, max: 1024 * 1024 },
    unit: "MiB",
    fallback: 256,
    meaning: "A VM's memory, at least.",
  },
  {
    key: "qemu.max_memory_mib",
    type: { kind: "integer", min: LEAST_MEMORY_MIB, max: 1024 * 1024 },
    unit: "MiB",
    fallback: 4096,
    meaning: "How far it may be added to while it runs.",
  },
  {
    key: "qemu.kernel_arguments",
    type: { kind: "string" },
    otherwise: "none",
    meaning: "Appended to the guest kernel's command line.",
  },
  {
    key: "qemu.template",
    type: { kind: "boolean" },
    fallback: false,
    meaning: "Make VMs from a saved one that was never used, made by the first pod that needs it (vm-template.md).",
  },
  {
    key: "qemu.template_directory",
    type: { kind: "string", absolutePath: true },
    fallback: TEMPLATE_DIRECTORY,
    meaning: "Where those are kept, of root's only; some 150 MiB for each size of VM, four at most.",
  },
];
