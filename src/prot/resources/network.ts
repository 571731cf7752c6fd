import { bool, list, type TypeOf, text, u8, u16 } from "../json-codec.ts";
import { field, record } from "../json-record.ts";

export const lcowIpConfig = record({
  ipAddress: field("IPAddress", text, "omitempty"),
  prefixLength: field("PrefixLength", u8, "omitempty"),
});
export type LcowIpConfig = TypeOf<typeof lcowIpConfig>;

export const lcowRoute = record({
  nextHop: field("NextHop", text, "omitempty"),
  destinationPrefix: field("DestinationPrefix", text, "omitempty"),
  metric: field("Metric", u16, "omitempty"),
});
export type LcowRoute = TypeOf<typeof lcowRoute>;

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
});
export type LcowNetworkAdapter = TypeOf<typeof lcowNetworkAdapter>;
