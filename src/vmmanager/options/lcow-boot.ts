import { win32 } from "node:path";
import { boot } from "../../config/annotations/vm-boot.ts";
import { confidentialLcow } from "../../config/annotations/vm-confidential.ts";
import { failedPrecondition, invalidArgument, notFound } from "../../errors/shim-error.ts";
import type { Options } from "../../generated/containerd/runhcs/v1.ts";
import type { AnnotationReader } from "./annotation-reader.ts";
import { absolute, Build, type HostFacts } from "./host-facts.ts";

/** The names of the files in the folder. */
export const KERNEL = "kernel";
export const UNCOMPRESSED_KERNEL = "vmlinux";
export const INITRD = "initrd.img";
export const ROOTFS_VHD = "rootfs.vhd";
const GUEST_STATE = "kernel.vmgs";

/** Where the kernel and the root file system come from. Paths are of the host and exist. */
export type LcowBoot =
  | {
      readonly kind: "kernel-direct" | "uefi";
      readonly folder: string;
      /** A file of the folder. */
      readonly kernel: string;
      readonly rootfs: "initrd" | "vhd";
    }
  | {
      /** AMD SEV-SNP: one file has the kernel and its first file system, the root file system is verified. */
      readonly kind: "confidential";
      readonly guestState: string;
      readonly rootfsVhd: string;
      readonly hclEnabled?: boolean;
    };

/**
 * The boot files of an LCOW VM. Throws not-found for a folder or file that is not there, failed-precondition for a boot
 * that this Windows can't do.
 */
export function readLcowBoot(
  read: AnnotationReader,
  options: Options,
  host: HostFacts,
  confidential: boolean,
): LcowBoot {
  const folder = absolute(read.text(boot.bootFiles, options.bootFilesRootPath) || defaultFolder(host), host);
  if (!host.folders.has(folder)) throw notFound(`folder ${folder} of the boot files does not exist`);
  return confidential ? confidentialBoot(read, folder, host) : plainBoot(read, folder, host);
}

function defaultFolder({ shimFolder, programFiles, folders }: HostFacts): string {
  const own = win32.join(shimFolder, "LinuxBootFiles");
  return folders.has(own) ? own : win32.join(programFiles, "Linux Containers");
}

function plainBoot(read: AnnotationReader, folder: string, host: HostFacts): LcowBoot {
  const has = (file: string) => host.files.has(win32.join(folder, file));
  const need = (file: string): string => {
    if (has(file)) return file;
    throw notFound(`${file} is not in the folder ${folder} of the boot files`);
  };
  // Hyper-V boots no kernel of arm64 directly.
  const canBootDirectly = host.build >= Build.KernelDirect && host.architecture !== "arm64";
  const direct = read.bool(boot.kernelDirect, canBootDirectly);
  if (direct && !canBootDirectly) {
    throw failedPrecondition(
      `Windows of build ${host.build} on ${host.architecture} cannot boot a kernel directly: ` +
        `it needs amd64 and build ${Build.KernelDirect}`,
    );
  }
  const kernel = direct && has(UNCOMPRESSED_KERNEL) ? UNCOMPRESSED_KERNEL : need(KERNEL);
  const rootfs = read.text(boot.rootfsType) || (has(ROOTFS_VHD) ? "vhd" : "initrd");
  if (rootfs !== "initrd" && rootfs !== "vhd") {
    throw invalidArgument(`annotation ${boot.rootfsType.name} is ${JSON.stringify(rootfs)}, wanted initrd or vhd`);
  }
  // hcsshim looks for an initrd only where the annotation asks for it, and HCS fails later without naming it.
  need(rootfs === "vhd" ? ROOTFS_VHD : INITRD);
  return { kind: direct ? "kernel-direct" : "uefi", folder, kernel, rootfs };
}

function confidentialBoot(read: AnnotationReader, folder: string, host: HostFacts): LcowBoot {
  const need = (file: string, what: string): string => {
    const path = win32.join(folder, file);
    if (host.files.has(path)) return path;
    throw notFound(`${what} ${path} does not exist`);
  };
  const hclEnabled = read.optionalBool(confidentialLcow.hclEnabled);
  return {
    kind: "confidential",
    guestState: need(read.text(confidentialLcow.guestStateFile) || GUEST_STATE, "guest state file"),
    rootfsVhd: need(read.text(confidentialLcow.verityRootfs) || ROOTFS_VHD, "verified root VHD"),
    ...(hclEnabled === undefined ? {} : { hclEnabled }),
  };
}
