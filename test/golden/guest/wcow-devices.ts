import type { WindowsGuest } from "../../../src/guestmanager/create-windows-guest.ts";
import { type GuestCase, modified, TYPE, toGuest } from "./case.ts";

const VM = "3f4f3c5e-8a2b-4f0e-9d0a-0123456789ab";
const service = (settings: string) =>
  toGuest(TYPE.modifyServiceSettings, `,"PropertyType":"LogForwardService","Settings":${settings}`);

export const wcowDevices: readonly GuestCase<WindowsGuest>[] = [
  {
    shows: "CombinedLayers Add: a filter over the layers",
    send: (guest) =>
      guest.addCombinedLayers({
        ...{ containerRootPath: "C:\\c\\c1", filterType: "WCIFS" },
        layers: [{ id: "a", path: "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\s0" }],
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"CombinedLayers","Settings":{"ContainerRootPath":"C:\\\\c\\\\c1","Layers":[{"Id":"a","Path":"\\\\\\\\?\\\\VMSMB\\\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\\\s0"}],"FilterType":"WCIFS"}}',
    ),
  },
  {
    shows: "CombinedLayers Add: all that a layer may have",
    send: (guest) =>
      guest.addCombinedLayers({
        ...{ containerRootPath: "C:\\r", scratchPath: "C:\\s", filterType: "UnionFS" },
        layers: [{ id: "a", path: "C:\\l", pathType: "AbsolutePath", cache: "Disabled" }],
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"CombinedLayers","Settings":{"ContainerRootPath":"C:\\\\r","Layers":[{"Id":"a","Path":"C:\\\\l","PathType":"AbsolutePath","Cache":"Disabled"}],"ScratchPath":"C:\\\\s","FilterType":"UnionFS"}}',
    ),
  },
  {
    shows: "CombinedLayers Remove",
    send: (guest) => guest.removeCombinedLayers({ containerRootPath: "C:\\r" }),
    wire: modified(
      '{"RequestType":"Remove","ResourceType":"CombinedLayers","Settings":{"ContainerRootPath":"C:\\\\r"}}',
    ),
  },
  {
    shows: "CWCOWCombinedLayers Add: with the container",
    send: (guest) =>
      guest.addConfidentialCombinedLayers({
        containerId: "c1",
        combinedLayers: { containerRootPath: "C:\\r", layers: [{ id: "a", path: "C:\\l" }], filterType: "UnionFS" },
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"CWCOWCombinedLayers","Settings":{"ContainerID":"c1","CombinedLayers":{"ContainerRootPath":"C:\\\\r","Layers":[{"Id":"a","Path":"C:\\\\l"}],"FilterType":"UnionFS"}}}',
    ),
  },
  {
    shows: "CWCOWCombinedLayers Remove: the struct inside stays, empty",
    send: (guest) => guest.removeConfidentialCombinedLayers({ containerId: "c1" }),
    wire: modified(
      '{"RequestType":"Remove","ResourceType":"CWCOWCombinedLayers","Settings":{"ContainerID":"c1","CombinedLayers":{}}}',
    ),
  },
  {
    shows: "MappedVirtualDisk Add: LUN 0 is not on the wire",
    send: (guest) => guest.addMappedVirtualDisk({ containerPath: "C:\\mounts\\scsi\\m0", lun: 0 }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"MappedVirtualDisk","Settings":{"ContainerPath":"C:\\\\mounts\\\\scsi\\\\m0"}}',
    ),
  },
  {
    shows: "MappedVirtualDisk Add: the last LUN",
    send: (guest) => guest.addMappedVirtualDisk({ containerPath: "C:\\m", lun: 63 }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"MappedVirtualDisk","Settings":{"ContainerPath":"C:\\\\m","Lun":63}}',
    ),
  },
  {
    shows: "MappedVirtualDiskForContainerScratch Add",
    send: (guest) => guest.addMappedVirtualDiskForContainerScratch({ containerPath: "C:\\m", lun: 2 }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"MappedVirtualDiskForContainerScratch","Settings":{"ContainerPath":"C:\\\\m","Lun":2}}',
    ),
  },
  {
    shows: "MappedVirtualDisk Remove",
    send: (guest) => guest.removeMappedVirtualDisk({ containerPath: "C:\\m", lun: 1 }),
    wire: modified(
      '{"RequestType":"Remove","ResourceType":"MappedVirtualDisk","Settings":{"ContainerPath":"C:\\\\m","Lun":1}}',
    ),
  },
  {
    shows: "SCSIDevice Remove",
    send: (guest) => guest.removeScsiDevice({ lun: 2 }),
    wire: modified('{"RequestType":"Remove","ResourceType":"SCSIDevice","Settings":{"Lun":2}}'),
  },
  {
    shows: "MappedDirectory Add: a share, read-only",
    send: (guest) =>
      guest.addMappedDirectory({
        ...{ hostPath: "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\s1", hostPathType: "AbsolutePath" },
        ...{ containerPath: "C:\\data", readOnly: true },
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"MappedDirectory","Settings":{"HostPath":"\\\\\\\\?\\\\VMSMB\\\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\\\s1","HostPathType":"AbsolutePath","ContainerPath":"C:\\\\data","ReadOnly":true}}',
    ),
  },
  {
    shows: "MappedDirectory Add: to be written",
    send: (guest) =>
      guest.addMappedDirectory({ hostPath: "\\\\?\\VMSMB\\s", containerPath: "C:\\data", readOnly: false }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"MappedDirectory","Settings":{"HostPath":"\\\\\\\\?\\\\VMSMB\\\\s","ContainerPath":"C:\\\\data"}}',
    ),
  },
  {
    shows: "WCOWBlockCims Add: the merged CIM first; its LUN 0 is on the wire",
    send: (guest) =>
      guest.addBlockCims({
        blockCims: [
          { cimName: "merged.cim", lun: 0 },
          { cimName: "layer.cim", lun: 1 },
        ],
        ...{ volumeGuid: "7a9d5d0e-1c7b-4a5f-8b5f-0123456789ab", mountFlags: 48, containerId: "c1" },
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"WCOWBlockCims","Settings":{"BlockCIMs":[{"CimName":"merged.cim","Lun":0},{"CimName":"layer.cim","Lun":1}],"VolumeGUID":"7a9d5d0e-1c7b-4a5f-8b5f-0123456789ab","MountFlags":48,"ContainerID":"c1"}}',
    ),
  },
  {
    shows: "WCOWBlockCims Add: a volume without a GUID has the null one",
    send: (guest) => guest.addBlockCims({ blockCims: [] }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"WCOWBlockCims","Settings":{"VolumeGUID":"00000000-0000-0000-0000-000000000000"}}',
    ),
  },
  {
    shows: "WCOWBlockCims Remove",
    send: (guest) => guest.removeBlockCims({ volumeGuid: "7a9d5d0e-1c7b-4a5f-8b5f-0123456789ab", containerId: "c1" }),
    wire: modified(
      '{"RequestType":"Remove","ResourceType":"WCOWBlockCims","Settings":{"VolumeGUID":"7a9d5d0e-1c7b-4a5f-8b5f-0123456789ab","ContainerID":"c1"}}',
    ),
  },
  {
    shows: "HvSocket Update",
    send: (guest) =>
      guest.updateHvSocketAddress({ localAddress: VM, parentAddress: "894cc2d6-9d79-424f-93fe-42969ae6d8d1" }),
    wire: modified(
      `{"RequestType":"Update","ResourceType":"HvSocket","Settings":{"LocalAddress":"${VM}","ParentAddress":"894cc2d6-9d79-424f-93fe-42969ae6d8d1"}}`,
    ),
  },
  {
    shows: "SecurityPolicy Add",
    send: (guest) => guest.addSecurityPolicy({ enforcerType: "rego", encodedSecurityPolicy: "cGFja2FnZQ==" }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"SecurityPolicy","Settings":{"EnforcerType":"rego","EncodedSecurityPolicy":"cGFja2FnZQ=="}}',
    ),
  },
  {
    shows: "SecurityPolicyFragment Add",
    send: (guest) => guest.injectPolicyFragment({ fragment: "Zg==" }),
    wire: modified('{"RequestType":"Add","ResourceType":"SecurityPolicyFragment","Settings":{"Fragment":"Zg=="}}'),
  },
  {
    shows: "ModifyServiceSettings: the sources of logs, as JSON in a string",
    send: (guest) => guest.setLogSources('{"LogConfig":{"sources":[]}}'),
    wire: [service('{"RPCType":"ModifyServiceSettings","Settings":"{\\"LogConfig\\":{\\"sources\\":[]}}"}')],
  },
  {
    shows: "ModifyServiceSettings: logs on, logs off",
    async send(guest) {
      await guest.startLogForwarding();
      await guest.stopLogForwarding();
    },
    wire: [service('{"RPCType":"StartLogForwarding"}'), service('{"RPCType":"StopLogForwarding"}')],
  },
];
