import { rows } from "./annotation.ts";

const vm = rows("vm", "io.microsoft.virtualmachine.");
const lcow = rows("vm", "io.microsoft.virtualmachine.lcow.");

/** How a VM boots, and what its first process is told. */
export const boot = {
  bootFiles: vm("bootfilesrootpath", "text", "both", "beside the shim", "Folder of the kernel and root file system."),
  kernelDirect: lcow("kerneldirectboot", "bool", "LCOW", "true from build 18286, not on arm64", "Boot without UEFI."),
  kernelOptions: lcow("kernelbootoptions", "text", "LCOW", "none", "More of the kernel's command line."),
  rootfsType: lcow("preferredrootfstype", "text", "LCOW", "vhd if there is one", "initrd or vhd."),
  vpci: lcow("vpcienabled", "bool", "LCOW", "false", "The kernel looks for PCI devices."),
  disableTimeSync: lcow(
    "timesync.disable",
    "bool",
    "LCOW",
    "false",
    "The guest does not keep its clock by the host's.",
  ),
  writableOverlays: lcow(
    "writable-overlay-directories",
    "bool",
    "LCOW",
    "false",
    "/var and /etc of a VHD are writable.",
  ),
  extraArguments: lcow("extra-exec-command-args", "text", "LCOW", "none", "More arguments of the guest's gcs."),
  policyBasedRouting: lcow(
    "network.policybasedrouting",
    "bool",
    "LCOW",
    "false",
    "A routing table for each interface.",
  ),
  extraVsockPorts: lcow("extra-vsock-ports", "u32 list", "LCOW", "none", "More ports that a confidential VM may use."),
  consolePipe: vm("console.pipe", "text", "both", "none", "Named pipe of the serial console: \\\\.\\pipe\\NAME."),
  hvSocketService: vm("hv-socket.service-table.", "json", "both", "none", "HvSocketServiceConfig of this service.", {
    prefix: "GUID",
  }),
  dumpDirectory: vm("dump-directory-path", "text", "WCOW", "none", "Folder of the host for dumps of a crashed VM."),
  noWritableShares: vm("fileshares.disablewritable", "bool", "both", "false", "File shares are read-only."),
  kernelDrivers: vm("kerneldrivers", "text list", "both", "none", "Folders or VHDs of drivers to install."),
  vpmemCount: vm(
    "devices.virtualpmem.maximumcount",
    "u32",
    "LCOW",
    "64, or 0 where refused",
    "VPMem devices, up to 128.",
  ),
  vpmemSize: vm("devices.virtualpmem.maximumsizebytes", "u64", "LCOW", "4 GiB", "Size of a VPMem device.", {
    unit: "bytes",
  }),
  vpmemNoMultiMapping: lcow(
    "vpmem.nomultimapping",
    "bool",
    "LCOW",
    "true before build 18362",
    "A device has one layer.",
  ),
};
