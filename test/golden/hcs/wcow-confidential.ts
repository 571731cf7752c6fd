import type { HostWork } from "../../../src/vmmanager/stacks/hcs/document/host-work.ts";
import { SCSI0, wcowBase } from "./base-documents.ts";
import type { GoldenCase, Json } from "./case.ts";

const V = "io.microsoft.virtualmachine.";
const W = `${V}wcow.`;
const VM = "VirtualMachine";
const D = `${VM}>Devices`;
const DISKS = `${D}>Scsi>${SCSI0}>Attachments`;
const MEMORY = `${V}computetopology.memory.sizeinmb`;
/** base64 of {"test":"test"}, and base64 of its SHA-256. */
const POLICY = { [`${W}securitypolicy`]: "eyJ0ZXN0IjoidGVzdCJ9" };
const DIGEST = "PoCzd4s7A3Zue+mTExwK8q0FYwxdlvt/oTLQW3czbgQ=";
const FILES = "C:\\shim\\WindowsBootFiles\\confidential";

const base = (files: string, vmgs: string): Readonly<Record<string, Json | null>> => ({
  SchemaVersion: { Major: 2, Minor: 5 },
  [`${VM}>Version`]: { Major: 12 },
  [`${VM}>Chipset`]: {
    Uefi: { ApplySecureBootTemplate: "Apply", SecureBootTemplateId: "1734c6e8-3154-4dda-ba5f-a874cc483422" },
  },
  [`${VM}>ComputeTopology>Memory`]: { SizeInMB: 2048 },
  [`${VM}>GuestState`]: { GuestStateFilePath: vmgs, GuestStateFileType: "BlockStorage" },
  [`${VM}>SecuritySettings`]: {
    Isolation: { IsolationType: "SecureNestedPaging", LaunchData: DIGEST, HclEnabled: true },
  },
  [DISKS]: {
    "0": { Type: "VirtualDisk", Path: "C:\\scratch.vhdx" },
    "1": { Type: "VirtualDisk", Path: `${files}\\boot.vhd`, ReadOnly: true },
    "2": { Type: "VirtualDisk", Path: `${files}\\rootfs.vhd`, ReadOnly: true },
  },
  [`${D}>HvSocket>HvSocketConfig>ServiceTable`]: null,
  [`${D}>VirtualSmb>Shares`]: [
    {
      Name: "defaultEmptyShare",
      Path: "C:\\bundle\\EmptyDoNotModify",
      Options: { ReadOnly: true, ShareRead: true, NoOplocks: true },
    },
  ],
});

const workOf = (files: string, vmgs: string): readonly HostWork[] => [
  { do: "grant-vm-access", path: `${files}\\boot.vhd` },
  { do: "grant-vm-access", path: `${files}\\rootfs.vhd` },
  { do: "grant-vm-access", path: vmgs },
  { do: "grant-vm-access", path: "C:\\scratch.vhdx" },
  { do: "set-disk-identifier", path: "C:\\scratch.vhdx", identifier: "a7b3c5d1-4e2f-4a8b-9c6d-1e3f5a7b9c2d" },
  { do: "make-folder", path: "C:\\bundle\\EmptyDoNotModify" },
  { do: "grant-vm-access", path: "C:\\bundle\\EmptyDoNotModify" },
];

/** A confidential VM with more annotations. */
const cwcow = (
  shows: string,
  annotations: Readonly<Record<string, string>>,
  more: Partial<GoldenCase> & { readonly vmgs?: string; readonly files?: string } = {},
): GoldenCase => {
  const { files = FILES, vmgs = `${files}\\cwcow.snp.vmgs`, ...rest } = more;
  return {
    shows,
    annotations: { ...POLICY, ...annotations },
    work: workOf(files, vmgs),
    ...rest,
    gives: { ...base(files, vmgs), ...more.gives },
  };
};

const isolated = (word: string, type: string, vmgs: string): GoldenCase =>
  cwcow(
    `isolation ${word}`,
    { [`${W}isolation_type`]: word },
    {
      vmgs: `${FILES}\\${vmgs}`,
      gives: { [`${VM}>SecuritySettings>Isolation>IsolationType`]: type },
    },
  );
const refused = (shows: string, annotations: Readonly<Record<string, string>>, message: RegExp): GoldenCase => ({
  ...{ shows, annotations, refuses: ["invalid-argument", message] },
});

export const wcowConfidential: readonly GoldenCase[] = [
  cwcow(
    "a confidential VM",
    {},
    {
      settings: {
        boot: {
          policy: "eyJ0ZXN0IjoidGVzdCJ9",
          isolation: "SecureNestedPaging",
          enforcer: "",
          secureBoot: true,
          writableEfi: false,
          efiVhd: `${FILES}\\boot.vhd`,
          bootCimVhd: `${FILES}\\rootfs.vhd`,
          guestStateFile: `${FILES}\\cwcow.snp.vmgs`,
          referenceInfoFile: `${FILES}\\reference_info.cose`,
          hashEnvelopeFile: `${FILES}\\reference_info_hash_envelope.cose`,
          amdCertificateFile: "",
          inContainers: true,
        },
      },
    },
  ),
  cwcow("boot files of the annotation", { [`${V}bootfilesrootpath`]: "D:\\files" }, { files: "D:\\files" }),
  cwcow("boot files of the option", {}, { files: "D:\\files", options: { bootFilesRootPath: "D:\\files" } }),
  isolated("SNP", "SecureNestedPaging", "cwcow.snp.vmgs"),
  isolated("SecureNestedPaging", "SecureNestedPaging", "cwcow.snp.vmgs"),
  isolated("VBS", "VirtualizationBasedSecurity", "cwcow.vbs.vmgs"),
  isolated("VirtualizationBasedSecurity", "VirtualizationBasedSecurity", "cwcow.vbs.vmgs"),
  isolated("GuestStateOnly", "GuestStateOnly", "cwcow.gso.vmgs"),
  refused("isolation of an unknown type", { ...POLICY, [`${W}isolation_type`]: "TDX" }, /"TDX", not one of SNP/),
  cwcow(
    "no security hardware",
    { [`${V}no_security_hardware`]: "true" },
    {
      vmgs: `${FILES}\\cwcow.gso.vmgs`,
      gives: { [`${VM}>SecuritySettings>Isolation>IsolationType`]: "GuestStateOnly" },
    },
  ),
  cwcow("an isolation type goes over no security hardware", {
    ...{ [`${V}no_security_hardware`]: "true", [`${W}isolation_type`]: "SNP" },
  }),
  cwcow(
    "no secure boot",
    { [`${W}no_secure_boot`]: "true" },
    {
      gives: { [`${VM}>Chipset`]: { Uefi: { ApplySecureBootTemplate: "Skip" } } },
    },
  ),
  cwcow(
    "a boot disk that can be written",
    { [`${W}writable_efi`]: "true" },
    {
      gives: { [`${DISKS}>1`]: { Type: "VirtualDisk", Path: `${FILES}\\boot.vhd` } },
    },
  ),
  cwcow("another guest state file", { [`${W}gueststatefile`]: "E:\\own.vmgs" }, { vmgs: "E:\\own.vmgs" }),
  cwcow(
    "files and enforcer of the guest",
    {
      [`${W}enforcer`]: "rego",
      [`${W}uvm-reference-info-file`]: "r.cose",
      [`${V}uvm-hash-envelope-reference-info-file`]: "h.cose",
      [`${W}amd-certificate`]: "amd.pem",
      [`${W}securitypolicy.env`]: "false",
    },
    {
      settings: {
        "boot>enforcer": "rego",
        "boot>referenceInfoFile": "r.cose",
        "boot>hashEnvelopeFile": "h.cose",
        "boot>amdCertificateFile": "amd.pem",
        "boot>inContainers": false,
      },
    },
  ),
  cwcow("more memory", { [MEMORY]: "4096" }, { gives: { [`${VM}>ComputeTopology>Memory`]: { SizeInMB: 4096 } } }),
  cwcow(
    "memory that is no number is what it needs",
    { [MEMORY]: "much" },
    { warns: [/sizeinmb of vm pod1@vm is "much"/] },
  ),
  cwcow("less memory in the spec is a container's", {}, { windows: { resources: { memory: { limit: 1073741824 } } } }),
  refused("no memory", { ...POLICY, [MEMORY]: "0" }, /0 MiB: it needs 2048/),
  refused("odd memory just below what it needs", { ...POLICY, [MEMORY]: "2047" }, /2047 MiB/),
  refused("less memory than it needs", { ...POLICY, [MEMORY]: "2046" }, /2046 MiB: it needs 2048/),
  {
    shows: "less memory than it needs in the option",
    annotations: POLICY,
    options: { vmMemorySizeInMb: 1024 },
    refuses: ["invalid-argument", /1024 MiB: it needs 2048/],
  },
  cwcow(
    "logs that are forwarded, said so",
    { [`${V}forwardlogs.enable`]: "true" },
    {
      gives: {
        [`${D}>HvSocket>HvSocketConfig`]: wcowBase.VirtualMachine.Devices.HvSocket.HvSocketConfig,
      },
    },
  ),
  cwcow(
    "disks that are kept",
    { "io.microsoft.wcow.debug": "true", "io.microsoft.wcow.debug_data_path": "E:\\kept" },
    {
      settings: { "boot>debugDataPath": "E:\\kept" },
    },
  ),
  refused("disks that are kept nowhere", { ...POLICY, "io.microsoft.wcow.debug": "true" }, /set .*debug_data_path/),
  refused(
    "disks of a plain VM are not kept",
    { "io.microsoft.wcow.debug": "true", "io.microsoft.wcow.debug_data_path": "E:\\kept" },
    /for confidential WCOW VMs/,
  ),
  refused("a policy that is not base64", { [`${W}securitypolicy`]: "%" }, /policy is not base64/),
  refused(
    "deferred commit in a confidential VM",
    { ...POLICY, [`${V}computetopology.memory.enabledeferredcommit`]: "true" },
    /enabledeferredcommit/,
  ),
  cwcow(
    "parameters of the firmware",
    {},
    { vm: { firmwareParameters: "a=1" }, gives: { [`${VM}>Chipset>FirmwareFile`]: { Parameters: "YT0x" } } },
  ),
  {
    shows: "no screen where the processor keeps the VM from its host",
    annotations: POLICY,
    debug: { graphicsConsole: true },
    refuses: ["invalid-argument", /no graphics console/],
  },
];
