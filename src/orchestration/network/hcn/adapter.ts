import type { GuestNetwork } from "../../../guestmanager/network.ts";
import { decodeOrZero } from "../../../prot/json-codec.ts";
import type { HostComputeEndpoint } from "../../../prot/resources/hcn.ts";
import { encapOverhead } from "../../../vmmanager/host-network/hcn/schema.ts";

/** How the adapters of one namespace are set up in a Linux guest. */
export interface AdapterOptions {
  /** Of the namespace, on the host and in the guest. */
  readonly namespaceId: string;
  /** hcsshim's annotation: a routing table for each adapter, by the source address. */
  readonly policyBasedRouting: boolean;
}

/** The endpoint as a Linux guest is to set its adapter up. Throws invalid-argument for an EncapOverhead that is none. */
export function endpointAdapter(
  id: string,
  endpoint: HostComputeEndpoint,
  { namespaceId, policyBasedRouting }: AdapterOptions,
): Parameters<GuestNetwork["addNetworkInterface"]>[0] {
  const { macAddress, ipConfigurations, routes, dns } = endpoint;
  return {
    namespaceId,
    id,
    macAddress,
    // The protocol's name for what is the search list; the domain comes first in it.
    dnsSuffix: lower(dns.domain === "" ? dns.search : [dns.domain, ...dns.search]),
    dnsServerList: lower(dns.serverList),
    encapOverhead: overhead(endpoint),
    ipConfigs: ipConfigurations,
    routes,
    policyBasedRouting,
  };
}

const lower = (texts: readonly string[]): string => texts.join(",").toLowerCase();

/** The last one counts, as with hcsshim. */
function overhead({ id, policies }: HostComputeEndpoint): number {
  const settings = policies.findLast(({ type }) => type === "EncapOverhead")?.settings;
  return decodeOrZero(encapOverhead, settings, `network endpoint ${id}: EncapOverhead`).overhead;
}

/** Several may be brought into one namespace: which of them is eth0, only CNI's name for it tells. */
export function eth0First(endpoints: readonly HostComputeEndpoint[]): readonly HostComputeEndpoint[] {
  const isFirst = ({ name }: HostComputeEndpoint): boolean => name.endsWith("eth0");
  return [...endpoints.filter(isFirst), ...endpoints.filter((endpoint) => !isFirst(endpoint))];
}
