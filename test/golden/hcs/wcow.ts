import { HOST_ONLY, SCSI0, wcowBase } from "./base-documents.ts";
import type { GoldenCase, Json } from "./case.ts";

const V = "io.microsoft.virtualmachine.";
const T = `${V}computetopology.`;
const W = `${V}wcow.`;
const VM = "VirtualMachine";
const M = `${VM}>ComputeTopology>Memory`;
const P = `${VM}>ComputeTopology>Processor`;
const D = `${VM}>Devices`;
const HV = `${D}>HvSocket>HvSocketConfig>ServiceTable`;
const VALUES = `${VM}>RegistryChanges>AddValues`;
const OS = `${D}>VirtualSmb>Shares`;

const compartments = wcowBase.VirtualMachine.RegistryChanges.AddValues;
const osShare = wcowBase.VirtualMachine.Devices.VirtualSmb.Shares[0];
const logs = wcowBase.VirtualMachine.Devices.HvSocket.HvSocketConfig.ServiceTable;
const noDirectMap: readonly Json[] = [{ ...osShare, Options: { ...osShare?.Options, NoDirectmap: true } }];
const noOvercommit = { [`${M}>AllowOvercommit`]: null, [`${M}>EnableHotHint`]: null };
const scratch = { do: "grant-vm-access", path: "C:\\scratch.vhdx" } as const;

const key = (Hive: string, Name: string) => ({ Key: { Hive, Name } });
const service = "CurrentControlSet\\Services\\svc";
const registry = (values: unknown): Pick<GoldenCase, "annotations"> => ({
  annotations: { [`${W}additional-reg-keys`]: typeof values === "string" ? values : JSON.stringify(values) },
});
/** One value that is left out. */
const denied = (shows: string, value: object, why: RegExp): GoldenCase => ({
  ...{ shows, ...registry([value]), warns: [why] },
});

export const wcow: readonly GoldenCase[] = [
  { shows: "a VM of which nothing is said" },
  {
    shows: "files of another layer, booting from another folder",
    vm: { bootFiles: { osFolder: "C:\\os", bootFolder: "\\EFI\\Other" }, scratchVhd: "D:\\s.vhdx" },
    gives: {
      [`${VM}>Chipset>Uefi>BootThis>DevicePath`]: "\\EFI\\Other\\bootmgfw.efi",
      [OS]: [{ ...osShare, Path: "C:\\os" }],
      [`${D}>Scsi>${SCSI0}>Attachments>0>Path`]: "D:\\s.vhdx",
    },
    work: [{ do: "grant-vm-access", path: "D:\\s.vhdx" }],
  },
  {
    shows: "processors, their limit and weight, and memory",
    annotations: {
      [`${T}processor.count`]: "4",
      [`${T}processor.limit`]: "5000",
      [`${T}processor.weight`]: "200",
      [`${T}memory.sizeinmb`]: "2047",
    },
    gives: {
      [P]: { Count: 4, Limit: 5000, Weight: 200 },
      [`${M}>SizeInMB`]: 2048,
    },
    warns: [/2048 MiB of memory instead of 2047/],
  },
  {
    shows: "processors and memory of the options",
    options: { vmProcessorCount: 3, vmMemorySizeInMb: 4096 },
    gives: { [P]: { Count: 3 }, [`${M}>SizeInMB`]: 4096 },
  },
  {
    shows: "processors and memory of the spec",
    windows: { resources: { cpu: { count: 3 }, memory: { limit: 3221225472 } } },
    gives: { [P]: { Count: 3 }, [`${M}>SizeInMB`]: 3072 },
  },
  {
    shows: "physical memory: no hot hints",
    annotations: { [`${T}memory.allowovercommit`]: "false" },
    gives: noOvercommit,
  },
  {
    shows: "physical memory of devices too: no direct mapping",
    annotations: { [`${V}fullyphysicallybacked`]: "true" },
    gives: { ...noOvercommit, [OS]: noDirectMap },
  },
  {
    shows: "no direct mapping",
    annotations: { [`${W}virtualSMB.nodirectmap`]: "true" },
    gives: { [OS]: noDirectMap },
  },
  {
    shows: "no unsafe operations: no direct mapping, shares that are read-only",
    annotations: { "io.microsoft.disable-unsafe-operations": "true" },
    gives: { [OS]: noDirectMap },
    settings: { noWritableShares: true },
  },
  {
    shows: "a host process where they are disabled",
    annotations: {
      "io.microsoft.disable-unsafe-operations": "true",
      "microsoft.com/hostprocess-container": "true",
    },
    refuses: ["invalid-argument", /disable-hostprocess-container and .*hostprocess-container are both true/],
  },
  {
    shows: "deferred commit",
    annotations: { [`${T}memory.enabledeferredcommit`]: "true" },
    gives: { [`${M}>EnableDeferredCommit`]: true },
  },
  {
    shows: "deferred commit without overcommit",
    annotations: { [`${T}memory.enabledeferredcommit`]: "true", [`${T}memory.allowovercommit`]: "false" },
    refuses: ["invalid-argument", /enabledeferredcommit/],
  },
  { shows: "cold discard hints are LCOW's", annotations: { [`${T}memory.enablecolddiscardhint`]: "true" } },
  {
    shows: "MMIO gaps",
    annotations: {
      [`${T}memory.lowmmiogapinmb`]: "256",
      [`${T}memory.highmmiobaseinmb`]: "512",
      [`${T}memory.highmmiogapinmb`]: "1024",
    },
    gives: { [`${M}>LowMmioGapInMB`]: 256, [`${M}>HighMmioBaseInMB`]: 512, [`${M}>HighMmioGapInMB`]: 1024 },
  },
  {
    shows: "NUMA nodes",
    annotations: {
      [`${T}memory.allowovercommit`]: "false",
      [`${T}processor.numa.max-processors-per-node`]: "1",
      [`${T}processor.numa.max-size-per-node`]: "512",
    },
    gives: {
      ...noOvercommit,
      [`${M}>SlitType`]: "FirmwareFallbackMeasured",
      [`${P}>NumaProcessorsSettings`]: { count_per_node: { max: 1 } },
      [`${VM}>ComputeTopology>Numa`]: { MaxSizePerNode: 512 },
    },
  },
  {
    shows: "a CPU group",
    annotations: { [`${V}cpugroup.id`]: "group-a" },
    gives: { [`${P}>CpuGroup`]: { Id: "group-a" } },
  },
  {
    shows: "a resource partition",
    annotations: { [`${V}resource-partition-id`]: "a1b2c3d4-0000-1111-2222-333344445555" },
    gives: { [`${VM}>ResourcePartitionId`]: "a1b2c3d4-0000-1111-2222-333344445555" },
  },
  {
    shows: "limits of the disks",
    annotations: { [`${V}storageqos.iopsmaximum`]: "5", [`${V}storageqos.bandwidthmaximum`]: "6" },
    gives: { [`${VM}>StorageQoS`]: { IopsMaximum: 5, BandwidthMaximum: 6 } },
  },
  {
    shows: "a console",
    annotations: { [`${V}console.pipe`]: "\\\\.\\pipe\\com1" },
    gives: { [`${D}>ComPorts`]: { "0": { NamedPipe: "\\\\.\\pipe\\com1" } } },
  },
  {
    shows: "dumps of a crashed VM",
    annotations: { [`${V}dump-directory-path`]: "C:\\dumps" },
    gives: {
      [`${VM}>DebugOptions`]: {
        BugcheckSavedStateFileName: "C:\\dumps\\pod1@vm-savedstate.vmrs",
        BugcheckNoCrashdumpSavedStateFileName: "C:\\dumps\\pod1@vm-savedstate_nocrashdump.vmrs",
      },
      [`${D}>GuestCrashReporting`]: {
        WindowsCrashSettings: { DumpFileName: "C:\\dumps\\pod1@vm-windows-crash", DumpType: "Full" },
      },
    },
    work: [{ do: "grant-vm-group-access", path: "C:\\dumps" }, scratch],
  },
  {
    shows: "dumps to a folder that is not there",
    annotations: { [`${V}dump-directory-path`]: "C:\\nowhere" },
    refuses: ["not-found", /dump folder C:\\nowhere/],
  },
  {
    shows: "dumps of processes: error reporting runs, and keeps them",
    annotations: { "io.microsoft.container.processdumplocation": "C:\\d" },
    gives: {
      [VALUES]: [
        { ...key("System", "ControlSet001\\Services\\WerSvc"), Name: "Start", Type: "DWord", DWordValue: 2 },
        {
          ...key("Software", "Microsoft\\Windows\\Windows Error Reporting"),
          ...{ Name: "Disabled", Type: "DWord", DWordValue: 1 },
        },
        ...compartments,
      ],
    },
  },
  {
    shows: "no network compartment",
    annotations: { [`${V}disablecompartmentnamespace`]: "true" },
    gives: { [`${VM}>RegistryChanges`]: {} },
  },
  {
    shows: "values of each type in the registry, after the VM's own",
    ...registry([
      { ...key("System", service), Name: "s", Type: "String", StringValue: "v" },
      { ...key("Software", "Vendor"), Name: "e", Type: "ExpandedString", StringValue: "%x%" },
      { ...key("System", "CurrentControlSet\\Policies\\p"), Name: "b", Type: "Binary", BinaryValue: "AAE=" },
      { ...key("System", "SOFTWARE\\x"), Name: "d", Type: "DWord", DWordValue: -1 },
      { ...key("Software", "Vendor"), Name: "q", Type: "QWord", QWordValue: 7 },
      { ...key("Software", "Vendor"), Name: "n", Type: "None" },
      { Key: { Hive: "Software", Name: "Vendor", Volatile: true }, Name: "m", Type: "MultiString", StringValue: "a" },
      { ...key("Software", "Vendor"), Name: "c", Type: "CustomType", CustomType: 9, BinaryValue: "AA==" },
    ]),
    gives: {
      [VALUES]: [
        ...compartments,
        { ...key("System", service), Name: "s", Type: "String", StringValue: "v" },
        { ...key("Software", "Vendor"), Name: "e", Type: "ExpandedString", StringValue: "%x%" },
        { ...key("System", "CurrentControlSet\\Policies\\p"), Name: "b", Type: "Binary", BinaryValue: "AAE=" },
        { ...key("System", "SOFTWARE\\x"), Name: "d", Type: "DWord", DWordValue: -1 },
        { ...key("Software", "Vendor"), Name: "q", Type: "QWord", QWordValue: 7 },
        { ...key("Software", "Vendor"), Name: "n", Type: "None" },
        { Key: { Hive: "Software", Name: "Vendor", Volatile: true }, Name: "m", Type: "MultiString", StringValue: "a" },
        { ...key("Software", "Vendor"), Name: "c", Type: "CustomType", CustomType: 9, BinaryValue: "AA==" },
      ],
    },
  },
  { shows: "an empty list of values", ...registry([]) },
  { shows: "values that are no JSON", ...registry("{"), warns: [/additional-reg-keys is not JSON/] },
  { shows: "values that are no list", ...registry({}), warns: [/wanted an array/] },
  denied("a value without a key", { Name: "n", Type: "String" }, /it has no key/),
  denied("a value of an unknown hive", { ...key("User", "x"), Name: "n", Type: "String" }, /hive is "User"/),
  denied("a value whose key has no name", { ...key("Software", ""), Name: "n", Type: "String" }, /key has no name/),
  denied("a value without a name", { ...key("Software", "x"), Type: "String" }, /it has no name/),
  denied("a value of an unknown type", { ...key("Software", "x"), Name: "n", Type: "Float" }, /type is "Float"/),
  denied(
    "a value of two types",
    { ...key("Software", "x"), Name: "n", Type: "DWord", DWordValue: 1, StringValue: "1" },
    /values of several types/,
  ),
  denied(
    "a value outside of what may be set",
    { ...key("System", "CurrentControlSet\\Control\\x"), Name: "n", Type: "DWord" },
    /may not be set/,
  ),
  denied("a value of a hive that may not be set", { ...key("Sam", "x"), Name: "n", Type: "DWord" }, /may not be set/),
  {
    shows: "logs that stay in the guest",
    annotations: { [`${V}forwardlogs.enable`]: "false" },
    gives: { [`${D}>HvSocket>HvSocketConfig>ServiceTable`]: null },
    settings: { "logs>forwarded": false },
  },
  {
    shows: "sources of the logs",
    annotations: { [`${V}forwardlogs.sources`]: "e30=", [`${V}forwardlogs.defaultsources.enable`]: "false" },
    settings: { logs: { forwarded: true, sources: "e30=", defaultSources: false } },
  },
  {
    shows: "a service beside that of the logs",
    annotations: { [`${V}hv-socket.service-table.aaaaaaaa-0000-0000-0000-000000000001`]: '{"Disabled":true}' },
    gives: { [HV]: { ...logs, "aaaaaaaa-0000-0000-0000-000000000001": { Disabled: true } } },
  },
  {
    shows: "the service of the logs goes over an annotation",
    annotations: { [`${V}hv-socket.service-table.172dad59-976d-45f2-8b6c-6d1b13f2ac4d`]: '{"Disabled":true}' },
    gives: {
      [HV]: {
        "172dad59-976d-45f2-8b6c-6d1b13f2ac4d": {
          ...{ AllowWildcardBinds: true, BindSecurityDescriptor: HOST_ONLY, ConnectSecurityDescriptor: HOST_ONLY },
        },
      },
    },
  },
  {
    shows: "the guest's time zone by the annotation",
    annotations: { [`${W}timezone.noinherit`]: "true" },
    settings: { inheritTimezone: false },
  },
  {
    shows: "the guest's time zone by the option",
    options: { noInheritHostTimezone: true },
    settings: { inheritTimezone: false },
  },
  {
    shows: "the annotation of the time zone goes over the option",
    annotations: { [`${W}timezone.noinherit`]: "false" },
    options: { noInheritHostTimezone: true },
    settings: { inheritTimezone: true },
  },
  {
    shows: "a network configuration proxy of the option",
    options: { NCProxyAddr: "p" },
    abilities: { networkConfigProxy: true },
    settings: { networkConfigProxy: "p" },
  },
  {
    shows: "a network configuration proxy of the annotation",
    annotations: { "io.microsoft.network.ncproxy": "a" },
    options: { NCProxyAddr: "p" },
    abilities: { networkConfigProxy: true },
    settings: { networkConfigProxy: "a" },
  },
  {
    shows: "a VM from a template",
    vm: { restore: { templateId: "template-1" } },
    gives: { [`${VM}>RestoreState`]: { TemplateSystemId: "template-1" } },
  },
  {
    shows: "a VM from a saved state",
    vm: { restore: { stateFile: "C:\\s.vmrs" } },
    gives: { [`${VM}>RestoreState`]: { SaveStateFilePath: "C:\\s.vmrs" } },
  },
  {
    shows: "a screen and a keyboard for who looks into it",
    debug: { graphicsConsole: true },
    gives: {
      [`${VM}>Devices>VideoMonitor`]: {},
      [`${VM}>Devices>Keyboard`]: {},
      [`${VM}>Devices>EnhancedModeVideo`]: {},
    },
  },
  {
    shows: "parameters of the firmware are of a confidential VM alone",
    vm: { firmwareParameters: "a=1" },
  },
];
