import { bool, list, type TypeOf, text, u8, u16, u32 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import { layer } from "../resources/layers.ts";

/** Settings of a hosted container before V2 (schema 1): named for completeness, neither sent nor accepted by us. */
export const mappedVirtualDiskV1 = record({
  containerPath: field("ContainerPath", text),
  lun: field("Lun", u8, "omitempty"),
  createInUtilityVm: field("CreateInUtilityVM", bool, "omitempty"),
  readOnly: field("ReadOnly", bool, "omitempty"),
  attachOnly: field("AttachOnly", bool, "omitempty"),
});
export type MappedVirtualDiskV1 = TypeOf<typeof mappedVirtualDiskV1>;

export const mappedDirectoryV1 = record({
  containerPath: field("ContainerPath", text),
  createInUtilityVm: field("CreateInUtilityVM", bool, "omitempty"),
  readOnly: field("ReadOnly", bool, "omitempty"),
  port: field("Port", u32, "omitempty"),
});
export type MappedDirectoryV1 = TypeOf<typeof mappedDirectoryV1>;

export const networkAdapterV1 = record({
  adapterInstanceId: field("AdapterInstanceId", text),
  firewallEnabled: field("FirewallEnabled", bool),
  natEnabled: field("NatEnabled", bool),
  macAddress: field("MacAddress", text, "omitempty"),
  allocatedIpAddress: field("AllocatedIpAddress", text, "omitempty"),
  hostIpAddress: field("HostIpAddress", text, "omitempty"),
  hostIpPrefixLength: field("HostIpPrefixLength", u8, "omitempty"),
  allocatedIpv6Address: field("AllocatedIpv6Address", text, "omitempty"),
  hostIpv6Address: field("HostIpv6Address", text, "omitempty"),
  hostIpv6PrefixLength: field("HostIpv6PrefixLength", u8, "omitempty"),
  hostDnsServerList: field("HostDnsServerList", text, "omitempty"),
  hostDnsSuffix: field("HostDnsSuffix", text, "omitempty"),
  enableLowMetric: field("EnableLowMetric", bool, "omitempty"),
  encapOverhead: field("EncapOverhead", u16, "omitempty"),
});
export type NetworkAdapterV1 = TypeOf<typeof networkAdapterV1>;

export const vmHostedContainerSettings = record({
  layers: field("Layers", list(layer)),
  sandboxDataPath: field("SandboxDataPath", text),
  mappedVirtualDisks: field("MappedVirtualDisks", list(mappedVirtualDiskV1)),
  mappedDirectories: field("MappedDirectories", list(mappedDirectoryV1)),
  networkAdapters: field("NetworkAdapters", list(networkAdapterV1), "omitempty"),
});
export type VmHostedContainerSettings = TypeOf<typeof vmHostedContainerSettings>;
