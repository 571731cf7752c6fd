import { SCSI0 } from "./base-documents.ts";
import type { GoldenCase, Json } from "./case.ts";

const V = "io.microsoft.virtualmachine.";
const D = "VirtualMachine>Devices";
const COUNT = `${V}devices.virtualpmem.maximumcount`;
const SIZE = `${V}devices.virtualpmem.maximumsizebytes`;
const NO_MULTI = `${V}lcow.vpmem.nomultimapping`;

const devices = (...ids: readonly (readonly [id: string, idType: string])[]) => ({
  windows: { devices: ids.map(([id, idType]) => ({ id, idType })) },
});
const pci = (...functions: readonly Json[]): Readonly<Record<string, Json>> => ({
  [`${D}>VirtualPci`]: Object.fromEntries(functions.map((one, i) => [`guid-${i}`, { Functions: [one] }])),
});
const vpmem = (count: number, size: number, more: Readonly<Record<string, Json>> = {}) => ({
  [`${D}>Scsi`]: { [SCSI0]: {} },
  [`${D}>VirtualPMem`]: { MaximumCount: count, MaximumSizeBytes: size, ...more },
});
const GIB4 = 4294967296;
const offered = { abilities: { vpmem: true } };

export const lcowDevices: readonly GoldenCase[] = [
  ...["vpci", "vpci-instance-id", "gpu"].map((idType) => ({
    shows: `a device of type ${idType}`,
    ...devices(["PCIP\\VEN_1234&DEV_5678", idType]),
    gives: pci({ DeviceInstancePath: "PCIP\\VEN_1234&DEV_5678" }),
  })),
  {
    shows: "a virtual function of a device",
    ...devices(["PCIP\\VEN_1234\\2", "vpci"]),
    gives: pci({ DeviceInstancePath: "PCIP\\VEN_1234", VirtualFunction: 2 }),
  },
  {
    shows: "a virtual function behind the other separator",
    ...devices(["PCIP\\VEN_1234/3", "vpci"]),
    gives: pci({ DeviceInstancePath: "PCIP\\VEN_1234", VirtualFunction: 3 }),
  },
  {
    shows: "a number that is no virtual function stays in the path",
    ...devices(["PCIP\\VEN_1234\\65536", "vpci"]),
    gives: pci({ DeviceInstancePath: "PCIP\\VEN_1234\\65536" }),
  },
  {
    shows: "two functions of a device",
    ...devices(["PCIP\\A\\1", "vpci"], ["PCIP\\A\\2", "vpci"]),
    gives: pci(
      { DeviceInstancePath: "PCIP\\A", VirtualFunction: 1 },
      { DeviceInstancePath: "PCIP\\A", VirtualFunction: 2 },
    ),
  },
  {
    shows: "a device given twice",
    ...devices(["PCIP\\A", "vpci"], ["PCIP\\A", "gpu"]),
    refuses: ["invalid-argument", /PCIP\\A, function 0, is given twice/],
  },
  {
    shows: "a function given twice, once by its number",
    ...devices(["PCIP\\A\\0", "vpci"], ["PCIP\\A", "vpci"]),
    refuses: ["invalid-argument", /function 0, is given twice/],
  },
  {
    shows: "a device of another type is passed over",
    ...devices(["{class}", "class"]),
    warns: [/device \{class\} is passed over: its type is class/],
  },
  {
    shows: "VPMem that the shim does not offer",
    annotations: { [COUNT]: "32" },
    refuses: ["unimplemented", /maximumcount is 32: this shim has no VPMem/],
  },
  { shows: "no VPMem where it is not offered", annotations: { [COUNT]: "0" } },
  { shows: "a size of VPMem alone asks for none", annotations: { [SIZE]: "4096" } },
  {
    shows: "one layer a device, where there is no VPMem",
    annotations: { [NO_MULTI]: "true" },
    refuses: ["unimplemented", /nomultimapping is not supported/],
  },
  {
    shows: "VPMem, and one SCSI controller",
    ...offered,
    gives: vpmem(64, GIB4),
    settings: { "vpmem>multiMapping": true },
  },
  {
    shows: "VPMem by the annotations",
    ...offered,
    annotations: { [COUNT]: "128", [SIZE]: "8589934592", [NO_MULTI]: "true" },
    gives: vpmem(128, 8589934592),
    settings: { "vpmem>multiMapping": false },
  },
  { shows: "no VPMem, and four controllers", ...offered, annotations: { [COUNT]: "0" } },
  {
    shows: "more VPMem than there can be",
    ...offered,
    annotations: { [COUNT]: "129" },
    refuses: ["invalid-argument", /129 VPMem devices/],
  },
  {
    shows: "VPMem of a size that is no page",
    ...offered,
    annotations: { [SIZE]: "4097" },
    refuses: ["invalid-argument", /multiple of 4096/],
  },
  {
    shows: "no VPMem in physical memory",
    ...offered,
    annotations: { [`${V}fullyphysicallybacked`]: "true" },
    gives: { "VirtualMachine>ComputeTopology>Memory>AllowOvercommit": null },
  },
  {
    shows: "VPMem and memory without overcommit",
    ...offered,
    annotations: { [`${V}computetopology.memory.allowovercommit`]: "false" },
    gives: { "VirtualMachine>ComputeTopology>Memory>AllowOvercommit": null, ...vpmem(64, GIB4) },
  },
  {
    shows: "a root VHD on VPMem",
    ...offered,
    options: { bootFilesRootPath: "C:\\vhd" },
    gives: {
      "VirtualMachine>Chipset>LinuxKernelDirect>KernelFilePath": "C:\\vhd\\vmlinux",
      "VirtualMachine>Chipset>LinuxKernelDirect>InitRdPath": null,
      ...vpmem(64, GIB4, {
        Devices: { "0": { HostPath: "C:\\vhd\\rootfs.vhd", ReadOnly: true, ImageFormat: "Vhd1" } },
      }),
    },
    cmdline: [["initcall", "root=/dev/pmem0 ro rootwait init=/init initcall"]],
  },
  {
    shows: "one layer a device before build 18362",
    ...offered,
    host: { build: 18361 },
    gives: vpmem(64, GIB4),
    settings: { "vpmem>multiMapping": false },
  },
  {
    shows: "VPMem on arm64",
    ...offered,
    annotations: { [COUNT]: "1" },
    options: { sandboxPlatform: "linux/arm64" },
    host: { architecture: "arm64" },
    refuses: ["failed-precondition", /arm64; cannot give VPMem/],
  },
  {
    shows: "a network configuration proxy that the shim has no code for",
    annotations: { "io.microsoft.network.ncproxy": "//./pipe/proxy" },
    refuses: ["unimplemented", /io\.microsoft\.network\.ncproxy is not supported/],
  },
  {
    shows: "the option of a proxy that the shim has no code for is passed over",
    options: { NCProxyAddr: "//./pipe/proxy" },
    warns: [/NCProxyAddr is passed over/],
  },
  {
    shows: "drivers that the shim has no code for",
    annotations: { [`${V}kerneldrivers`]: "C:\\driver" },
    refuses: ["unimplemented", /kerneldrivers is not supported/],
  },
  {
    shows: "drivers that the shim installs",
    annotations: { [`${V}kerneldrivers`]: "C:\\a,C:\\b" },
    abilities: { kernelDrivers: true },
    settings: { kernelDrivers: ["C:\\a", "C:\\b"] },
  },
  {
    shows: "shares that are read-only",
    annotations: { [`${V}fileshares.disablewritable`]: "true" },
    settings: { noWritableShares: true },
  },
  {
    shows: "policy-based routing",
    annotations: { [`${V}lcow.network.policybasedrouting`]: "true" },
    settings: { policyBasedRouting: true },
  },
  {
    shows: "no unsafe operations: the others are set",
    annotations: { "io.microsoft.disable-unsafe-operations": "true" },
    settings: { noWritableShares: true },
  },
  {
    shows: "no unsafe operations, and one of them",
    annotations: {
      "io.microsoft.disable-unsafe-operations": "true",
      [`${V}fileshares.disablewritable`]: "false",
    },
    refuses: ["invalid-argument", /disable-unsafe-operations is "true" and .*disablewritable "false"/],
  },
  {
    shows: "encrypted scratch",
    annotations: { [`${V}storage.scratch.encrypted`]: "true" },
    settings: { encryptScratch: true },
  },
  { shows: "plain scratch, and no policy", settings: { encryptScratch: false, confidential: undefined } },
];
