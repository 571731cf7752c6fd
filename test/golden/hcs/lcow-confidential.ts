import type { HostWork } from "../../../src/vmmanager/stacks/hcs/document/host-work.ts";
import { HOST_ONLY, SCSI0 } from "./base-documents.ts";
import type { GoldenCase, Json } from "./case.ts";

const V = "io.microsoft.virtualmachine.";
const L = `${V}lcow.`;
const VM = "VirtualMachine";
const D = `${VM}>Devices`;
const HV = `${D}>HvSocket>HvSocketConfig`;
/** base64 of {"test":"test"}, and base64 of its SHA-256. */
const POLICY = { [`${L}securitypolicy`]: "eyJ0ZXN0IjoidGVzdCJ9" };
const DIGEST = "PoCzd4s7A3Zue+mTExwK8q0FYwxdlvt/oTLQW3czbgQ=";
const EVERYONE = "D:P(A;;FA;;;WD)";

const service = { AllowWildcardBinds: true, BindSecurityDescriptor: EVERYONE, ConnectSecurityDescriptor: HOST_ONLY };
const services = {
  "00000001-facb-11e6-bd58-64006a7986d3": service,
  "0000006d-facb-11e6-bd58-64006a7986d3": service,
  "40000000-facb-11e6-bd58-64006a7986d3": service,
  "40000001-facb-11e6-bd58-64006a7986d3": service,
};

const snpGives: Readonly<Record<string, Json | null>> = {
  SchemaVersion: { Major: 2, Minor: 5 },
  [`${VM}>Chipset`]: {
    Uefi: { ApplySecureBootTemplate: "Apply", SecureBootTemplateId: "1734c6e8-3154-4dda-ba5f-a874cc483422" },
  },
  [`${VM}>ComputeTopology>Memory>AllowOvercommit`]: null,
  [`${D}>Scsi>${SCSI0}`]: {
    Attachments: { "0": { Type: "VirtualDisk", Path: "C:\\bundle\\rootfs.vhd", ReadOnly: true } },
  },
  [HV]: {
    DefaultBindSecurityDescriptor: EVERYONE,
    DefaultConnectSecurityDescriptor: HOST_ONLY,
    ServiceTable: services,
  },
  [`${VM}>GuestState`]: {
    GuestStateFilePath: "C:\\bundle\\kernel.vmgs",
    GuestStateFileType: "FileMode",
    ForceTransientState: true,
  },
  [`${VM}>SecuritySettings`]: { Isolation: { IsolationType: "SecureNestedPaging", LaunchData: DIGEST } },
};

const copies = (guestState: string, rootfs: string): readonly HostWork[] => [
  { do: "copy", from: `C:\\snp\\${guestState}`, to: `C:\\bundle\\${guestState}` },
  { do: "copy", from: `C:\\snp\\${rootfs}`, to: "C:\\bundle\\rootfs.vhd" },
  { do: "grant-vm-group-access", path: `C:\\bundle\\${guestState}` },
  { do: "grant-vm-group-access", path: "C:\\bundle\\rootfs.vhd" },
];

/** A confidential VM with more annotations. */
const snp = (shows: string, annotations: Readonly<Record<string, string>>, more: Partial<GoldenCase> = {}) => ({
  shows,
  annotations: { ...POLICY, ...annotations },
  options: { bootFilesRootPath: "C:\\snp" },
  work: copies("kernel.vmgs", "rootfs.vhd"),
  ...more,
  gives: { ...snpGives, ...more.gives },
});

export const lcowConfidential: readonly GoldenCase[] = [
  snp("a confidential VM has no screen for who looks into it", {}, { debug: { graphicsConsole: true } }),
  snp(
    "a confidential VM",
    {},
    {
      settings: {
        encryptScratch: true,
        confidential: {
          policy: "eyJ0ZXN0IjoidGVzdCJ9",
          enforcer: "rego",
          isolated: true,
          referenceInfoFile: "reference_info.cose",
          hashEnvelopeFile: "reference_info_hash_envelope.cose",
          amdCertificateFile: "",
          inContainers: true,
        },
      },
    },
  ),
  snp(
    "files of other names",
    { [`${L}gueststatefile`]: "custom.vmgs", [`${L}dmverity-rootfs-vhd`]: "custom.vhd" },
    {
      gives: { [`${VM}>GuestState>GuestStateFilePath`]: "C:\\bundle\\custom.vmgs" },
      work: copies("custom.vmgs", "custom.vhd"),
    },
  ),
  snp(
    "the host compatibility layer",
    { [`${L}hcl-enabled`]: "true" },
    {
      gives: { [`${VM}>SecuritySettings>Isolation>HclEnabled`]: true },
    },
  ),
  snp(
    "no host compatibility layer, said so",
    { [`${L}hcl-enabled`]: "false" },
    {
      gives: { [`${VM}>SecuritySettings>Isolation>HclEnabled`]: false },
    },
  ),
  snp(
    "a bad word of the host compatibility layer says nothing",
    { [`${L}hcl-enabled`]: "on" },
    {
      warns: [/hcl-enabled of vm pod1@vm is "on"/],
    },
  ),
  snp(
    "more ports",
    { [`${L}extra-vsock-ports`]: "1234,4660" },
    {
      gives: {
        [`${HV}>ServiceTable`]: {
          ...services,
          "000004d2-facb-11e6-bd58-64006a7986d3": service,
          "00001234-facb-11e6-bd58-64006a7986d3": service,
        },
      },
    },
  ),
  snp("a bad port leaves none", { [`${L}extra-vsock-ports`]: "1234,http" }, { warns: [/extra-vsock-ports/] }),
  snp(
    "services of annotations; those of the VM's ports go over them",
    {
      [`${V}hv-socket.service-table.aaaaaaaa-0000-0000-0000-000000000001`]: '{"Disabled":true}',
      [`${V}hv-socket.service-table.00000001-facb-11e6-bd58-64006a7986d3`]: '{"Disabled":true}',
    },
    {
      gives: {
        [`${HV}>ServiceTable`]: { ...services, "aaaaaaaa-0000-0000-0000-000000000001": { Disabled: true } },
      },
    },
  ),
  snp(
    "no devices, console, NUMA nodes or overlays",
    {
      [`${V}computetopology.numa.mapped-physical-nodes`]: "0",
      [`${V}console.pipe`]: "no pipe at all",
    },
    { windows: { devices: [{ id: "PCIP\\A", idType: "vpci" }] } },
  ),
  snp("no VPMem where it is offered", {}, { abilities: { vpmem: true } }),
  snp("its kernel's options are in its file", { [`${L}kernelbootoptions`]: "a=1" }, {}),
  snp("overcommit that is asked for is not given", { [`${V}computetopology.memory.allowovercommit`]: "true" }),
  snp(
    "limits, as of any other VM",
    {
      [`${V}computetopology.processor.limit`]: "5000",
      [`${V}storageqos.iopsmaximum`]: "10",
    },
    {
      gives: {
        [`${VM}>ComputeTopology>Processor>Limit`]: 5000,
        [`${VM}>StorageQoS`]: { IopsMaximum: 10 },
      },
    },
  ),
  snp(
    "scratch that is not encrypted, said so",
    { [`${V}storage.scratch.encrypted`]: "false" },
    {
      settings: { encryptScratch: false },
    },
  ),
  snp(
    "files and enforcer of the guest",
    {
      [`${L}enforcer`]: "standard",
      [`${L}uvm-reference-info-file`]: "r.cose",
      [`${V}uvm-hash-envelope-reference-info-file`]: "h.cose",
      [`${L}amd-certificate`]: "amd.pem",
      [`${L}securitypolicy.env`]: "false",
    },
    {
      settings: {
        "confidential>enforcer": "standard",
        "confidential>referenceInfoFile": "r.cose",
        "confidential>hashEnvelopeFile": "h.cose",
        "confidential>amdCertificateFile": "amd.pem",
        "confidential>inContainers": false,
      },
    },
  ),
  {
    shows: "deferred commit in a confidential VM, which has no overcommit",
    annotations: { ...POLICY, [`${V}computetopology.memory.enabledeferredcommit`]: "true" },
    options: { bootFilesRootPath: "C:\\snp" },
    refuses: ["invalid-argument", /enabledeferredcommit/],
  },
  {
    shows: "no guest state file",
    annotations: POLICY,
    refuses: ["not-found", /guest state file C:\\boot\\kernel\.vmgs/],
  },
  {
    shows: "no verified root VHD",
    annotations: POLICY,
    options: { bootFilesRootPath: "C:\\snpnovhd" },
    refuses: ["not-found", /verified root VHD C:\\snpnovhd\\rootfs\.vhd/],
  },
  {
    shows: "a policy that is not base64",
    annotations: { [`${L}securitypolicy`]: "{}" },
    options: { bootFilesRootPath: "C:\\snp" },
    refuses: ["invalid-argument", /policy is not base64/],
  },
  { shows: "an empty policy is none", annotations: { [`${L}securitypolicy`]: "" } },
  {
    shows: "a policy without the hardware: a VM like any other, with encrypted scratch",
    annotations: { ...POLICY, [`${V}no_security_hardware`]: "true" },
    settings: { encryptScratch: true, "confidential>isolated": false },
  },
  {
    shows: "no VPMem with a policy without the hardware, as with none",
    annotations: { ...POLICY, [`${V}no_security_hardware`]: "true", [`${V}devices.virtualpmem.maximumcount`]: "1" },
    refuses: ["unimplemented", /no VPMem/],
  },
];
