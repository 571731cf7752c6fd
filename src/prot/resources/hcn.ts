import { anyJson, anyObject, list, optional, type TypeOf, text, u8, u16, u32 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";
import type { RequestType } from "../protocol.ts";

/**
 * Documents of the Host Compute Network as requests to Windows guests carry them (schema 2). The structs in them are never
 * left out, as Go's omitempty knows no empty struct: an endpoint that has no DNS has `"Dns":{}`.
 */
const hcnSchemaVersion = record({
  major: field("Major", u32),
  minor: field("Minor", u32),
});

/** HCN's Health.Extra. */
const extraParams = record({
  resources: field("Resources", anyJson, "omitempty"),
  sharedContainers: field("SharedContainers", anyJson, "omitempty"),
  layeredOn: field("LayeredOn", text, "omitempty"),
  switchGuid: field("SwitchGuid", text, "omitempty"),
  utilityVm: field("UtilityVM", text, "omitempty"),
  virtualMachine: field("VirtualMachine", text, "omitempty"),
});

const health = record({
  data: field("Data", anyJson, "omitempty"),
  extra: field("Extra", extraParams),
});

const dns = record({
  domain: field("Domain", text, "omitempty"),
  search: field("Search", list(text), "omitempty"),
  serverList: field("ServerList", list(text), "omitempty"),
  options: field("Options", list(text), "omitempty"),
});

const endpointPolicy = record({
  type: field("Type", text),
  settings: field("Settings", anyJson, "omitempty"),
});

const ipConfig = record({
  ipAddress: field("IpAddress", text, "omitempty"),
  prefixLength: field("PrefixLength", u8, "omitempty"),
});

const route = record({
  nextHop: field("NextHop", text, "omitempty"),
  destinationPrefix: field("DestinationPrefix", text, "omitempty"),
  metric: field("Metric", u16, "omitempty"),
});

export const hostComputeEndpoint = record({
  id: field("ID", text, "omitempty"),
  name: field("Name", text, "omitempty"),
  /** GUID, as the next. */
  hostComputeNetwork: field("HostComputeNetwork", text, "omitempty"),
  hostComputeNamespace: field("HostComputeNamespace", text, "omitempty"),
  policies: field("Policies", list(endpointPolicy), "omitempty"),
  ipConfigurations: field("IpConfigurations", list(ipConfig), "omitempty"),
  dns: field("Dns", dns),
  routes: field("Routes", list(route), "omitempty"),
  macAddress: field("MacAddress", text, "omitempty"),
  /** 1: on another host. */
  flags: field("Flags", u32, "omitempty"),
  health: field("Health", health),
  schemaVersion: field("SchemaVersion", hcnSchemaVersion),
});
export type HostComputeEndpoint = TypeOf<typeof hostComputeEndpoint>;

const namespaceResource = record({
  /** "Container" or "Endpoint". */
  type: field("Type", text),
  data: field("Data", anyObject),
});

/** NetworkNamespace. */
export const hostComputeNamespace = record({
  id: field("ID", text, "omitempty"),
  namespaceId: field("NamespaceId", u32, "omitempty"),
  /** "Host", "HostDefault", "Guest" or "GuestDefault". */
  type: field("Type", text, "omitempty"),
  resources: field("Resources", list(namespaceResource), "omitempty"),
  schemaVersion: field("SchemaVersion", hcnSchemaVersion),
});
export type HostComputeNamespace = TypeOf<typeof hostComputeNamespace>;

/** What is told about an adapter of a Windows guest. */
export type NetworkModifyType = typeof RequestType.preAdd | typeof RequestType.add | typeof RequestType.remove;

/** Network, WCOW: a request in the request. Without an endpoint its settings are null. */
export const networkModifyRequest = record({
  adapterId: field("AdapterId", text, "omitempty"),
  requestType: field("RequestType", text, "omitempty"),
  settings: field("Settings", optional(hostComputeEndpoint)),
});
export type NetworkModifyRequest = TypeOf<typeof networkModifyRequest>;
