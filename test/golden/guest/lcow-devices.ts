import type { LinuxGuest } from "../../../src/guestmanager/create-guest.ts";
import { type GuestCase, modified } from "./case.ts";

export const lcowDevices: readonly GuestCase<LinuxGuest>[] = [
  {
    shows: "CombinedLayers Add: layers over a scratch",
    send: (guest) =>
      guest.addCombinedLayers({
        containerId: "c1",
        containerRootPath: "/run/gcs/c/c1/rootfs",
        layers: [{ id: "1", path: "/run/layers/p1" }, { path: "/run/layers/p0" }],
        scratchPath: "/run/gcs/c/c1/scratch",
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"CombinedLayers","Settings":{"ContainerID":"c1","ContainerRootPath":"/run/gcs/c/c1/rootfs","Layers":[{"Id":"1","Path":"/run/layers/p1"},{"Path":"/run/layers/p0"}],"ScratchPath":"/run/gcs/c/c1/scratch"}}',
    ),
  },
  {
    shows: "CombinedLayers Add: read-only, without a scratch",
    send: (guest) => guest.addCombinedLayers({ containerRootPath: "/r", layers: [{ id: "0", path: "/l" }] }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"CombinedLayers","Settings":{"ContainerRootPath":"/r","Layers":[{"Id":"0","Path":"/l"}]}}',
    ),
  },
  {
    shows: "CombinedLayers Add: an empty list of layers is none",
    send: (guest) => guest.addCombinedLayers({ containerRootPath: "/r", layers: [], scratchPath: "/s" }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"CombinedLayers","Settings":{"ContainerRootPath":"/r","ScratchPath":"/s"}}',
    ),
  },
  {
    shows: "CombinedLayers Add: <, > and & stay as they are, a quote does not",
    send: (guest) => guest.addCombinedLayers({ containerRootPath: '/r/<a>&"b"\\' }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"CombinedLayers","Settings":{"ContainerRootPath":"/r/<a>&\\"b\\"\\\\"}}',
    ),
  },
  {
    shows: "CombinedLayers Remove",
    send: (guest) => guest.removeCombinedLayers({ containerId: "c1", containerRootPath: "/r" }),
    wire: modified(
      '{"RequestType":"Remove","ResourceType":"CombinedLayers","Settings":{"ContainerID":"c1","ContainerRootPath":"/r"}}',
    ),
  },
  {
    shows: "MappedVirtualDisk Add: LUN 0 of controller 0 is not on the wire",
    send: (guest) =>
      guest.addMappedVirtualDisk({ mountPath: "/run/mounts/m0", lun: 0, controller: 0, readOnly: false }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"MappedVirtualDisk","Settings":{"MountPath":"/run/mounts/m0"}}',
    ),
  },
  {
    shows: "MappedVirtualDisk Add: the last LUN of the last controller, read-only with options",
    send: (guest) =>
      guest.addMappedVirtualDisk({
        mountPath: "/m",
        lun: 63,
        controller: 3,
        readOnly: true,
        options: ["ro", "noatime"],
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"MappedVirtualDisk","Settings":{"MountPath":"/m","Lun":63,"Controller":3,"ReadOnly":true,"Options":["ro","noatime"]}}',
    ),
  },
  {
    shows: "MappedVirtualDisk Add: a 64-bit partition, encrypted, formatted where it is empty",
    send: (guest) =>
      guest.addMappedVirtualDisk({
        ...{ mountPath: "/m", lun: 1, partition: 18446744073709551615n, encrypted: true },
        ...{ ensureFilesystem: true, filesystem: "xfs" },
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"MappedVirtualDisk","Settings":{"MountPath":"/m","Lun":1,"Partition":18446744073709551615,"Encrypted":true,"EnsureFilesystem":true,"Filesystem":"xfs"}}',
    ),
  },
  {
    shows: "MappedVirtualDisk Add: a block device",
    send: (guest) => guest.addMappedVirtualDisk({ mountPath: "/dev/d", lun: 2, blockDev: true }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"MappedVirtualDisk","Settings":{"MountPath":"/dev/d","Lun":2,"BlockDev":true}}',
    ),
  },
  {
    shows: "MappedVirtualDisk Add: dm-verity",
    send: (guest) =>
      guest.addMappedVirtualDisk({
        mountPath: "/m",
        verityInfo: {
          ...{ ext4SizeInBytes: 9007199254740993n, version: 1, algorithm: "sha256", superBlock: true },
          ...{ rootDigest: "ab", salt: "cd", blockSize: 4096 },
        },
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"MappedVirtualDisk","Settings":{"MountPath":"/m","VerityInfo":{"Ext4SizeInBytes":9007199254740993,"Version":1,"Algorithm":"sha256","SuperBlock":true,"RootDigest":"ab","Salt":"cd","BlockSize":4096}}}',
    ),
  },
  {
    shows: "MappedVirtualDisk Add: of which nothing is said",
    send: (guest) => guest.addMappedVirtualDisk({}),
    wire: modified('{"RequestType":"Add","ResourceType":"MappedVirtualDisk","Settings":{}}'),
  },
  {
    shows: "MappedVirtualDisk Remove",
    send: (guest) => guest.removeMappedVirtualDisk({ mountPath: "/m", lun: 1, controller: 1 }),
    wire: modified(
      '{"RequestType":"Remove","ResourceType":"MappedVirtualDisk","Settings":{"MountPath":"/m","Lun":1,"Controller":1}}',
    ),
  },
  {
    shows: "SCSIDevice Remove: 0:0",
    send: (guest) => guest.removeScsiDevice({ controller: 0, lun: 0 }),
    wire: modified('{"RequestType":"Remove","ResourceType":"SCSIDevice","Settings":{}}'),
  },
  {
    shows: "SCSIDevice Remove: 3:63",
    send: (guest) => guest.removeScsiDevice({ controller: 3, lun: 63 }),
    wire: modified('{"RequestType":"Remove","ResourceType":"SCSIDevice","Settings":{"Controller":3,"Lun":63}}'),
  },
  {
    shows: "MappedDirectory Add: to be written",
    send: (guest) => guest.addMappedDirectory({ mountPath: "/d", port: 564, shareName: "share-1" }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"MappedDirectory","Settings":{"MountPath":"/d","Port":564,"ShareName":"share-1"}}',
    ),
  },
  {
    shows: "MappedDirectory Add: read-only",
    send: (guest) => guest.addMappedDirectory({ mountPath: "/d", port: 50001, shareName: "0", readOnly: true }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"MappedDirectory","Settings":{"MountPath":"/d","Port":50001,"ShareName":"0","ReadOnly":true}}',
    ),
  },
  {
    shows: "MappedDirectory Remove",
    send: (guest) => guest.removeMappedDirectory({ mountPath: "/d", port: 564, shareName: "share-1" }),
    wire: modified(
      '{"RequestType":"Remove","ResourceType":"MappedDirectory","Settings":{"MountPath":"/d","Port":564,"ShareName":"share-1"}}',
    ),
  },
  {
    shows: "VPMemDevice Add: device 0 is not on the wire",
    send: (guest) => guest.addVpmemDevice({ deviceNumber: 0, mountPath: "/run/layers/p0" }),
    wire: modified('{"RequestType":"Add","ResourceType":"VPMemDevice","Settings":{"MountPath":"/run/layers/p0"}}'),
  },
  {
    shows: "VPMemDevice Add: the first of several on one device",
    send: (guest) =>
      guest.addVpmemDevice({
        ...{ deviceNumber: 3, mountPath: "/l" },
        mappingInfo: { deviceOffsetInBytes: 0n, deviceSizeInBytes: 4194304n },
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"VPMemDevice","Settings":{"DeviceNumber":3,"MountPath":"/l","MappingInfo":{"DeviceSizeInBytes":4194304}}}',
    ),
  },
  {
    shows: "VPMemDevice Add: offset and size beyond 2^53",
    send: (guest) =>
      guest.addVpmemDevice({
        ...{ deviceNumber: 127, mountPath: "/l" },
        mappingInfo: { deviceOffsetInBytes: 9007199254740993n, deviceSizeInBytes: 18446744073709551615n },
      }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"VPMemDevice","Settings":{"DeviceNumber":127,"MountPath":"/l","MappingInfo":{"DeviceOffsetInBytes":9007199254740993,"DeviceSizeInBytes":18446744073709551615}}}',
    ),
  },
  {
    shows: "VPMemDevice Add: empty structs behind pointers stay",
    send: (guest) => guest.addVpmemDevice({ deviceNumber: 1, mountPath: "/l", mappingInfo: {}, verityInfo: {} }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"VPMemDevice","Settings":{"DeviceNumber":1,"MountPath":"/l","MappingInfo":{},"VerityInfo":{}}}',
    ),
  },
  {
    shows: "VPMemDevice Remove",
    send: (guest) => guest.removeVpmemDevice({ deviceNumber: 1, mountPath: "/l" }),
    wire: modified(
      '{"RequestType":"Remove","ResourceType":"VPMemDevice","Settings":{"DeviceNumber":1,"MountPath":"/l"}}',
    ),
  },
  {
    shows: "VPCIDevice Add",
    send: (guest) => guest.addVpciDevice({ vmBusGuid: "d422512d-2bf2-4752-809d-7b82b5fcb1b4" }),
    wire: modified(
      '{"RequestType":"Add","ResourceType":"VPCIDevice","Settings":{"VMBusGUID":"d422512d-2bf2-4752-809d-7b82b5fcb1b4"}}',
    ),
  },
];
