import type { Key } from "../key.ts";
import { LEAST_MEMORY_MIB } from "./qemu.ts";

/** `[remotevm]`. */
export const remotevmKeys: readonly Key[] = [
  {
    key: "remotevm.service",
    type: { kind: "string" },
    fallback: "uvm-vmservice",
    meaning: "The program that serves a VM, started for each (docs/remotevm.md): a name or a path.",
  },
  {
    key: "remotevm.arguments",
    type: { kind: "string" },
    otherwise: "none",
    meaning: "Of that program, beside --rpc, with spaces between them.",
  },
  {
    key: "remotevm.address",
    type: { kind: "string", absolutePath: true },
    otherwise: "a service is started",
    meaning: "The socket of a service that runs already. It holds one VM, so one pod.",
  },
  {
    key: "remotevm.annotations",
    type: { kind: "boolean" },
    fallback: false,
    meaning: "Let a pod's annotations name the service: a program of this host, that is run as root.",
  },
  {
    key: "remotevm.image",
    type: { kind: "string", absolutePath: true },
    otherwise: "where make install puts it",
    meaning: "Directory of the VM's kernel and root file system, as qemu.image.",
  },
  {
    key: "remotevm.kernel",
    type: { kind: "string", absolutePath: true },
    otherwise: "vmlinuz of the image",
    meaning: "The guest's kernel. OpenVMM boots an uncompressed one alone (vmlinux).",
  },
  {
    key: "remotevm.initrd",
    type: { kind: "string", absolutePath: true },
    otherwise: "initrd.cpio of the image",
    meaning: "Its initial file system.",
  },
  {
    key: "remotevm.root",
    type: { kind: "string", absolutePath: true },
    otherwise: "root.erofs of the image",
    meaning: "Its root file system: the VM's first disk, read-only.",
  },
  {
    key: "remotevm.kernel_arguments",
    type: { kind: "string" },
    otherwise: "none",
    meaning: "Appended to the guest kernel's command line.",
  },
  {
    key: "remotevm.processors",
    type: { kind: "integer", min: 1, max: 255 },
    fallback: 1,
    meaning: "A VM's processors, at least.",
  },
  {
    key: "remotevm.memory_mib",
    type: { kind: "integer", min: LEAST_MEMORY_MIB, max: 1024 * 1024 },
    unit: "MiB",
    fallback: 256,
    meaning: "A VM's memory, at least. Neither is added to while it runs.",
  },
];
