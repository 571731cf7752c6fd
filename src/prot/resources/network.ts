import { bool, list, type TypeOf, text, u8, u16, u32 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";

export const lcowIpConfig = record({
  ipAddress: field("IPAddress", text, "omitempty"),
  prefixLength: field("PrefixLength", u8, "omitempty"),
});
export type LcowIpConfig = TypeOf<typeof lcowIpConfig>;

export const lcowRoute = record({
  /** Ours: none for a destination on the link. */
  nextHop: field("NextHop", text, "omitempty"),
  destinationPrefix: field("DestinationPrefix", text, "omitempty"),
  metric: field("Metric", u16, "omitempty"),
  /** Ours: the address that is preferred as source. */
  source: field("Source", text, "omitempty"),
});
export type LcowRoute = TypeOf<typeof lcowRoute>;

/** Ours: a neighbour that is known beforehand. */
export const networkNeighbor = record({
  ipAddress: field("IPAddress", text, "omitempty"),
  macAddress: field("MacAddress", text, "omitempty"),
});
export type NetworkNeighbor = TypeOf<typeof networkNeighbor>;

/** Network, LCOW. */
export const lcowNetworkAdapter = record({
  namespaceId: field("NamespaceID", text, "omitempty"),
  id: field("ID", text, "omitempty"),
  macAddress: field("MacAddress", text, "omitempty"),
  /** Search domains, comma separated. */
  dnsSuffix: field("DNSSuffix", text, "omitempty"),
  /** Addresses, comma separated. */
  dnsServerList: field("DNSServerList", text, "omitempty"),
  /** Bytes that the host's encapsulation takes off the MTU. */
  encapOverhead: field("EncapOverhead", u16, "omitempty"),
  vpciAssigned: field("VPCIAssigned", bool, "omitempty"),
  /** None: DHCP. */
  ipConfigs: field("IPConfigs", list(lcowIpConfig), "omitempty"),
  routes: field("Routes", list(lcowRoute), "omitempty"),
  policyBasedRouting: field("PolicyBasedRouting", bool, "omitempty"),
  enableLowMetric: field("EnableLowMetric", bool, "omitempty"),
  // Ours, from here on (docs/gcs-protocol.md): what a network that CNI made has, and HNS has not.
  /** The link's name in the container; none: eth0, eth1 and so on as they come. */
  interfaceName: field("InterfaceName", text, "omitempty"),
  /** Bytes; 0: the link's own, less `encapOverhead`. */
  mtu: field("MTU", u32, "omitempty"),
  neighbors: field("Neighbors", list(networkNeighbor), "omitempty"),
});
export type LcowNetworkAdapter = TypeOf<typeof lcowNetworkAdapter>;
