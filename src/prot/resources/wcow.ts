import { bool, i32, list, type TypeOf, text, u32 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import { NULL_ID } from "../protocol.ts";

/** Settings for Windows guests (reference: hcsshim guestresource, and the HCS schema where it has the type). */

/** MappedVirtualDisk and MappedVirtualDiskForContainerScratch: disks of the one controller that there is. */
export const wcowMappedVirtualDisk = record({
  containerPath: field("ContainerPath", text, "omitempty"),
  lun: field("Lun", i32, "omitempty"),
});
export type WcowMappedVirtualDisk = TypeOf<typeof wcowMappedVirtualDisk>;

/** MappedDirectory: a VSMB share's path, and where it is to be seen. */
export const wcowMappedDirectory = record({
  hostPath: field("HostPath", text, "omitempty"),
  hostPathType: field("HostPathType", text, "omitempty"),
  containerPath: field("ContainerPath", text, "omitempty"),
  readOnly: field("ReadOnly", bool, "omitempty"),
});
export type WcowMappedDirectory = TypeOf<typeof wcowMappedDirectory>;

export const hcsLayer = record({
  id: field("Id", text, "omitempty"),
  path: field("Path", text, "omitempty"),
  pathType: field("PathType", text, "omitempty"),
  /** Empty: enabled. */
  cache: field("Cache", text, "omitempty"),
});
export type HcsLayer = TypeOf<typeof hcsLayer>;

/** CombinedLayers: a filter over the layers at `containerRootPath`, which is the scratch itself. */
export const wcowCombinedLayers = record({
  containerRootPath: field("ContainerRootPath", text, "omitempty"),
  layers: field("Layers", list(hcsLayer), "omitempty"),
  scratchPath: field("ScratchPath", text, "omitempty"),
  /** "UnionFS" or "WCIFS"; empty: WCIFS. Guests before schema 2.9 (Windows Server 2022) refuse the member. */
  filterType: field("FilterType", text, "omitempty"),
});
export type WcowCombinedLayers = TypeOf<typeof wcowCombinedLayers>;

/** CWCOWCombinedLayers: the same with the container that they are for, which the policy asks about. */
export const cwcowCombinedLayers = record({
  containerId: field("ContainerID", text, "omitempty"),
  combinedLayers: field("CombinedLayers", wcowCombinedLayers),
});
export type CwcowCombinedLayers = TypeOf<typeof cwcowCombinedLayers>;

export const blockCimDevice = record({
  cimName: field("CimName", text),
  lun: field("Lun", i32),
});
export type BlockCimDevice = TypeOf<typeof blockCimDevice>;

/** A GUID in text, as Go writes one that was not set: never left out. */
const guid = { ...text, zero: NULL_ID };

/** WCOWBlockCims. */
export const cwcowBlockCimMounts = record({
  /** The merged CIM, then the layers from the topmost down. */
  blockCims: field("BlockCIMs", list(blockCimDevice), "omitempty"),
  volumeGuid: field("VolumeGUID", guid),
  mountFlags: field("MountFlags", u32, "omitempty"),
  containerId: field("ContainerID", text, "omitempty"),
});
export type CwcowBlockCimMounts = TypeOf<typeof cwcowBlockCimMounts>;

/** HvSocket (Update): VM ids. */
export const hvSocketAddress = record({
  localAddress: field("LocalAddress", text, "omitempty"),
  parentAddress: field("ParentAddress", text, "omitempty"),
});
export type HvSocketAddress = TypeOf<typeof hvSocketAddress>;
