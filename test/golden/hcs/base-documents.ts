/** The documents of VMs of which nothing is said, by hand from the reference (hcsshim, 4.1 and 4.2). */

export const HOST_ONLY = "D:P(A;;FA;;;SY)(A;;FA;;;BA)";
export const SCSI0 = "df6d0690-79e5-55b6-a5ec-c1e2f77f580a";
const SCSI1 = "0110f83b-de10-5172-a266-78bca56bf50a";
const SCSI2 = "b5d2d8d4-3a75-51bf-945b-3444dc6b8579";
const SCSI3 = "305891a9-b251-5dfe-91a2-c25d9212275b";

export const baseCmdline =
  "initcall_blacklist=virtio_vsock_init 8250_core.nr_uarts=0 panic=-1 quiet pci=off nr_cpus=2 brd.rd_nr=0 pmtmr=0 -- " +
  "-e 1 /bin/vsockexec -e 109 /bin/gcs -v4 -log-format json -loglevel info";

export const lcowBase = {
  Owner: "containerd-shim-uvm-v1",
  SchemaVersion: { Major: 2, Minor: 1 },
  ShouldTerminateOnLastHandleClosed: true,
  VirtualMachine: {
    StopOnReset: true,
    Chipset: {
      LinuxKernelDirect: {
        KernelFilePath: "C:\\boot\\vmlinux",
        InitRdPath: "C:\\boot\\initrd.img",
        KernelCmdLine: baseCmdline,
      },
    },
    ComputeTopology: {
      Memory: { SizeInMB: 1024, AllowOvercommit: true },
      Processor: { Count: 2 },
    },
    Devices: {
      Scsi: { [SCSI0]: {}, [SCSI1]: {}, [SCSI2]: {}, [SCSI3]: {} },
      HvSocket: { HvSocketConfig: { DefaultBindSecurityDescriptor: HOST_ONLY } },
      Plan9: {},
    },
  },
};

export const wcowBase = {
  Owner: "containerd-shim-uvm-v1",
  SchemaVersion: { Major: 2, Minor: 1 },
  ShouldTerminateOnLastHandleClosed: true,
  VirtualMachine: {
    StopOnReset: true,
    Chipset: {
      Uefi: { BootThis: { DevicePath: "\\EFI\\Microsoft\\Boot\\bootmgfw.efi", DeviceType: "VmbFs" } },
    },
    ComputeTopology: {
      Memory: { SizeInMB: 1024, AllowOvercommit: true, EnableHotHint: true },
      Processor: { Count: 2 },
    },
    RegistryChanges: {
      AddValues: [
        {
          Key: { Hive: "System", Name: "CurrentControlSet\\Services\\gns" },
          Name: "EnableCompartmentNamespace",
          Type: "DWord",
          DWordValue: 1,
        },
      ],
    },
    Devices: {
      Scsi: { [SCSI0]: { Attachments: { "0": { Type: "VirtualDisk", Path: "C:\\scratch.vhdx" } } } },
      HvSocket: {
        HvSocketConfig: {
          DefaultBindSecurityDescriptor: HOST_ONLY,
          ServiceTable: {
            "172dad59-976d-45f2-8b6c-6d1b13f2ac4d": {
              AllowWildcardBinds: true,
              BindSecurityDescriptor: HOST_ONLY,
              ConnectSecurityDescriptor: HOST_ONLY,
            },
          },
        },
      },
      VirtualSmb: {
        DirectFileMappingInMB: 1024,
        Shares: [
          {
            Name: "os",
            Path: "C:\\layer\\UtilityVM\\Files",
            Options: { ReadOnly: true, ShareRead: true, CacheIo: true, PseudoOplocks: true, TakeBackupPrivilege: true },
          },
        ],
      },
    },
  },
};
