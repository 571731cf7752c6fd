import type { GuestNetwork } from "../../guestmanager/network.ts";
import type { HostLink } from "../../vmmanager/host-network/host-link.ts";

/** The greatest metric that the protocol's u16 holds: a worse route stays the worst. */
const WORST_METRIC = 0xffff;

/** The link as the guest is to set its own end up. resolv.conf comes as a bind mount, so that no DNS is named. */
export function guestAdapter(
  namespaceId: string,
  id: string,
  link: HostLink,
): Parameters<GuestNetwork["addNetworkInterface"]>[0] {
  return {
    namespaceId,
    id,
    macAddress: link.macAddress,
    interfaceName: link.name,
    mtu: link.mtu,
    ipConfigs: link.addresses.map(({ address, prefixLength }) => ({ ipAddress: address, prefixLength })),
    routes: link.routes.map(({ destination, nextHop, metric, source }) => ({
      destinationPrefix: destination,
      nextHop,
      source,
      metric: Math.min(metric, WORST_METRIC),
    })),
  };
}
