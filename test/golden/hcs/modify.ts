/**
 * Cases of a manager's call to the request that HCS is given: by hand from the reference (hcsshim, 2.1, and the paths of
 * its resources), nothing is made by the code under test.
 */
import type { UtilityVM } from "../../../src/vmmanager/uvm.ts";
import type { ModifyCase } from "./modify-case.ts";
import { shares } from "./modify-shares.ts";

const D = "VirtualMachine/Devices";
const SCSI = [
  "df6d0690-79e5-55b6-a5ec-c1e2f77f580a",
  "0110f83b-de10-5172-a266-78bca56bf50a",
  "b5d2d8d4-3a75-51bf-945b-3444dc6b8579",
  "305891a9-b251-5dfe-91a2-c25d9212275b",
];
const VPMEM = "io.microsoft.virtualmachine.devices.virtualpmem.maximumcount";
const noVpmem = { [VPMEM]: "0" };
const NIC = "11111111-2222-3333-4444-555555555555";
const ENDPOINT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
const VMBUS = "99999999-8888-7777-6666-555555555555";
const SERVICE = "00000bb8-facb-11e6-bd58-64006a7986d3";
const GROUP = "12345678-1234-1234-1234-123456789abc";
const SY = "D:P(A;;FA;;;SY)";
const adapter = {
  id: NIC,
  macAddress: "00:15:5d:52:c0:0a",
  backend: { kind: "endpoint", endpointId: ENDPOINT },
} as const;
const pipe = "\\\\.\\pipe\\docker_engine";

const scsi: readonly ModifyCase[] = [
  ...SCSI.map((guid, controller) => ({
    shows: `a disk on SCSI controller ${controller}`,
    annotations: noVpmem,
    call: (uvm: UtilityVM) => uvm.addScsiDisk({ controller, lun: 5, hostPath: "C:\\disks\\a.vhdx", readOnly: false }),
    sends: {
      ResourcePath: `${D}/Scsi/${guid}/Attachments/5`,
      RequestType: "Add",
      Settings: { Type: "VirtualDisk", Path: "C:\\disks\\a.vhdx" },
    },
  })),
  {
    shows: "a read-only disk at LUN 0",
    call: (uvm) => uvm.addScsiDisk({ controller: 0, lun: 0, hostPath: "C:\\layer.vhd", readOnly: true }),
    sends: {
      ResourcePath: `${D}/Scsi/${SCSI[0]}/Attachments/0`,
      RequestType: "Add",
      Settings: { Type: "VirtualDisk", Path: "C:\\layer.vhd", ReadOnly: true },
    },
  },
  {
    shows: "a disk of the host, passed through",
    call: (uvm) =>
      uvm.addScsiDisk({
        ...{ controller: 0, lun: 63, hostPath: "\\\\.\\PHYSICALDRIVE2", readOnly: false },
        type: "PassThru",
      }),
    sends: {
      ResourcePath: `${D}/Scsi/${SCSI[0]}/Attachments/63`,
      RequestType: "Add",
      Settings: { Type: "PassThru", Path: "\\\\.\\PHYSICALDRIVE2" },
    },
  },
  {
    shows: "a disk that a provider opens",
    call: (uvm) =>
      uvm.addScsiDisk({
        ...{ controller: 0, lun: 1, hostPath: "space7", readOnly: true, type: "ExtensibleVirtualDisk" },
        extensibleDiskType: "space",
      }),
    sends: {
      ResourcePath: `${D}/Scsi/${SCSI[0]}/Attachments/1`,
      RequestType: "Add",
      Settings: {
        ...{ Type: "ExtensibleVirtualDisk", Path: "space7", ReadOnly: true },
        ExtensibleVirtualDiskType: "space",
      },
    },
  },
  {
    shows: "a disk that goes: no settings",
    annotations: noVpmem,
    call: (uvm) => uvm.removeScsiDisk({ controller: 3, lun: 63 }),
    sends: { ResourcePath: `${D}/Scsi/${SCSI[3]}/Attachments/63`, RequestType: "Remove" },
  },
  {
    shows: "a controller that no VM has",
    call: (uvm) => uvm.removeScsiDisk({ controller: 4, lun: 0 }),
    refuses: ["invalid-argument", /no SCSI controller 4/],
  },
];

const vpmem: readonly ModifyCase[] = [
  {
    shows: "a layer on a VPMem device",
    call: (uvm) => uvm.addVpmemDevice({ deviceNumber: 0, hostPath: "C:\\layer.vhd", readOnly: true }),
    sends: {
      ResourcePath: `${D}/VirtualPMem/Devices/0`,
      RequestType: "Add",
      Settings: { HostPath: "C:\\layer.vhd", ReadOnly: true, ImageFormat: "Vhd1" },
    },
  },
  {
    shows: "a VHDX on a VPMem device",
    call: (uvm) =>
      uvm.addVpmemDevice({ deviceNumber: 17, hostPath: "C:\\a.vhdx", readOnly: false, imageFormat: "Vhdx" }),
    sends: {
      ResourcePath: `${D}/VirtualPMem/Devices/17`,
      RequestType: "Add",
      Settings: { HostPath: "C:\\a.vhdx", ImageFormat: "Vhdx" },
    },
  },
  {
    shows: "a VPMem device that goes",
    call: (uvm) => uvm.removeVpmemDevice(17),
    sends: { ResourcePath: `${D}/VirtualPMem/Devices/17`, RequestType: "Remove" },
  },
  {
    shows: "a layer among others on a VPMem device: read-only is the device's",
    call: (uvm) =>
      uvm.addVpmemMapping({ deviceNumber: 1, offset: 2_097_152n, hostPath: "C:\\layer.vhd", readOnly: true }),
    sends: {
      ResourcePath: `${D}/VirtualPMem/Devices/1/Mappings/2097152`,
      RequestType: "Add",
      Settings: { HostPath: "C:\\layer.vhd", ImageFormat: "Vhd1" },
    },
  },
  {
    shows: "a layer that goes from a VPMem device, at an offset that no double holds",
    call: (uvm) => uvm.removeVpmemMapping({ deviceNumber: 1, offset: 9_007_199_254_740_993n }),
    sends: { ResourcePath: `${D}/VirtualPMem/Devices/1/Mappings/9007199254740993`, RequestType: "Remove" },
  },
  {
    shows: "a layer among others where the VM was made for one each",
    annotations: { "io.microsoft.virtualmachine.lcow.vpmem.nomultimapping": "true" },
    call: (uvm) => uvm.addVpmemMapping({ deviceNumber: 1, offset: 0n, hostPath: "C:\\layer.vhd", readOnly: true }),
    refuses: ["unimplemented", /does not support update of vpmem/],
  },
  {
    shows: "a VPMem device of a VM without VPMem",
    annotations: noVpmem,
    call: (uvm) => uvm.addVpmemDevice({ deviceNumber: 0, hostPath: "C:\\layer.vhd", readOnly: true }),
    refuses: ["unimplemented", /does not support add of vpmem/],
  },
  {
    shows: "a VPMem device of a Windows guest",
    guest: "windows",
    call: (uvm) => uvm.addVpmemDevice({ deviceNumber: 0, hostPath: "C:\\layer.vhd", readOnly: true }),
    refuses: ["unimplemented", /vpmem with a windows guest/],
  },
];

const others: readonly ModifyCase[] = [
  {
    shows: "an endpoint of the network, its address as Windows writes it",
    call: (uvm) => uvm.addNetworkAdapter(adapter),
    sends: {
      ResourcePath: `${D}/NetworkAdapters/${NIC}`,
      RequestType: "Add",
      Settings: { EndpointId: ENDPOINT, MacAddress: "00-15-5D-52-C0-0A" },
    },
  },
  {
    shows: "an endpoint that goes, with what it came with",
    call: async (uvm) => {
      await uvm.addNetworkAdapter(adapter);
      await uvm.removeNetworkAdapter(NIC);
    },
    sends: {
      ResourcePath: `${D}/NetworkAdapters/${NIC}`,
      RequestType: "Remove",
      Settings: { EndpointId: ENDPOINT, MacAddress: "00-15-5D-52-C0-0A" },
    },
  },
  {
    shows: "a network adapter of another stack",
    call: (uvm) => uvm.addNetworkAdapter({ ...adapter, backend: { kind: "unix-stream", path: "/s" } }),
    refuses: ["invalid-argument", /takes endpoints alone/],
  },
  {
    shows: "a device of the host",
    call: (uvm) => uvm.addPciDevice({ id: VMBUS, address: "PCIP\\VEN_1234" }),
    sends: {
      ResourcePath: `${D}/VirtualPci/${VMBUS}`,
      RequestType: "Add",
      Settings: { Functions: [{ DeviceInstancePath: "PCIP\\VEN_1234" }] },
    },
  },
  {
    shows: "a virtual function of a device, near its memory",
    call: (uvm) =>
      uvm.addPciDevice({ id: VMBUS, address: "PCIP\\VEN_1234", virtualFunction: 3, propagateNumaAffinity: true }),
    sends: {
      ResourcePath: `${D}/VirtualPci/${VMBUS}`,
      RequestType: "Add",
      Settings: {
        Functions: [{ DeviceInstancePath: "PCIP\\VEN_1234", VirtualFunction: 3 }],
        PropagateNumaAffinity: true,
      },
    },
  },
  {
    shows: "a device near no memory: false stays",
    call: (uvm) => uvm.addPciDevice({ id: VMBUS, address: "PCIP\\A", propagateNumaAffinity: false }),
    sends: {
      ResourcePath: `${D}/VirtualPci/${VMBUS}`,
      RequestType: "Add",
      Settings: { Functions: [{ DeviceInstancePath: "PCIP\\A" }], PropagateNumaAffinity: false },
    },
  },
  {
    shows: "a device that goes back to its host",
    call: (uvm) => uvm.removePciDevice(VMBUS),
    sends: { ResourcePath: `${D}/VirtualPci/${VMBUS}`, RequestType: "Remove" },
  },
  {
    shows: "a pipe of the host",
    guest: "windows",
    call: (uvm) => uvm.addPipe(pipe),
    sends: { ResourcePath: `${D}/MappedPipes/${pipe}`, RequestType: "Add" },
  },
  {
    shows: "a pipe that goes",
    guest: "windows",
    call: (uvm) => uvm.removePipe(pipe),
    sends: { ResourcePath: `${D}/MappedPipes/${pipe}`, RequestType: "Remove" },
  },
  {
    shows: "a path that names no pipe",
    guest: "windows",
    call: (uvm) => uvm.addPipe("C:\\pipe\\x"),
    refuses: ["invalid-argument", /names no pipe/],
  },
  {
    shows: "a pipe of a Linux guest",
    call: (uvm) => uvm.addPipe(pipe),
    refuses: ["unimplemented", /pipe with a linux guest/],
  },
  {
    shows: "a socket service, with each of its members",
    call: (uvm) =>
      uvm.updateSocketService(SERVICE, {
        ...{ bindSecurityDescriptor: SY, connectSecurityDescriptor: SY, allowWildcardBinds: true, disabled: true },
      }),
    sends: {
      ResourcePath: `${D}/HvSocket/HvSocketConfig/ServiceTable/${SERVICE}`,
      RequestType: "Update",
      Settings: { BindSecurityDescriptor: SY, ConnectSecurityDescriptor: SY, AllowWildcardBinds: true, Disabled: true },
    },
  },
  {
    shows: "a socket service of which nothing is said",
    guest: "windows",
    call: (uvm) => uvm.updateSocketService(SERVICE, {}),
    sends: {
      ResourcePath: `${D}/HvSocket/HvSocketConfig/ServiceTable/${SERVICE}`,
      RequestType: "Update",
      Settings: {},
    },
  },
  {
    shows: "a socket service that goes",
    call: (uvm) => uvm.removeSocketService(SERVICE),
    sends: { ResourcePath: `${D}/HvSocket/HvSocketConfig/ServiceTable/${SERVICE}`, RequestType: "Remove" },
  },
];

const topology: readonly ModifyCase[] = [
  {
    shows: "a CPU group: no request type",
    call: (uvm) => uvm.setCpuGroup(GROUP),
    sends: { ResourcePath: "VirtualMachine/ComputeTopology/Processor/CpuGroup", Settings: { Id: GROUP } },
  },
  {
    shows: "no CPU group",
    call: (uvm) => uvm.setCpuGroup(""),
    refuses: ["invalid-argument", /no CPU group/],
  },
  {
    shows: "a CPU group, before 21H1",
    build: 19042,
    call: (uvm) => uvm.setCpuGroup(GROUP),
    refuses: ["unimplemented", /does not support update of cpu-group/],
  },
  {
    shows: "limits of the processors, each of them",
    call: (uvm) => uvm.updateCpuLimits({ limit: 5000n, weight: 200n, reservation: 1000n, maximumFrequencyMHz: 2400 }),
    sends: {
      ResourcePath: "VirtualMachine/ComputeTopology/Processor/Limits",
      Settings: { Limit: 5000, Weight: 200, Reservation: 1000, MaximumFrequencyMHz: 2400 },
    },
  },
  {
    shows: "one limit: zeros are not sent",
    call: (uvm) => uvm.updateCpuLimits({ limit: 0n, weight: 200n }),
    sends: { ResourcePath: "VirtualMachine/ComputeTopology/Processor/Limits", Settings: { Weight: 200 } },
  },
  {
    shows: "limits, before 20H2",
    build: 19041,
    call: (uvm) => uvm.updateCpuLimits({ limit: 5000n }),
    refuses: ["unimplemented", /does not support update of cpu-limits/],
  },
  {
    shows: "memory: a bare number",
    call: (uvm) => uvm.updateMemory(2048),
    sends: { ResourcePath: "VirtualMachine/ComputeTopology/Memory/SizeInMB", Settings: 2048 },
  },
  {
    shows: "odd memory: the next even",
    call: (uvm) => uvm.updateMemory(2047),
    sends: { ResourcePath: "VirtualMachine/ComputeTopology/Memory/SizeInMB", Settings: 2048 },
  },
  {
    shows: "processors: HCS changes none of a running VM",
    call: (uvm) => uvm.updateProcessors(4),
    refuses: ["unimplemented", /does not support update of processor/],
  },
];

export const modifyCases = { scsi, vpmem, shares, others, topology };
