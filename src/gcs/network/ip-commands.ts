import { isV6, type NetworkAdapter, onLink } from "./adapter.ts";

/** Policy-based routing: rule priority, table and metric that hcsshim's guest uses (reference: hcsshim 6.3). */
const TABLE = "101";
const PRIORITY = "5";
const LOW_METRIC = 500;

/** Lines of `ip -batch` that set the link up in its namespace, in order. `mtu`: the link's before. */
export function configureCommands(adapter: NetworkAdapter, link: string, mtu: number): string[] {
  const wanted = (adapter.mtu === 0 ? mtu : adapter.mtu) - adapter.encapOverhead;
  const commands = [`link set dev ${link}${wanted === mtu ? "" : ` mtu ${wanted}`} up`];
  const table = adapter.policyBasedRouting ? ` table ${TABLE}` : "";
  for (const { address, prefixLength } of adapter.addresses) {
    // Duplicate address detection would leave an IPv6 address unusable for a second or two.
    commands.push(`addr add ${address}/${prefixLength} dev ${link}${isV6(address) ? " nodad" : ""}`);
    if (adapter.policyBasedRouting) {
      const rule = `rule add from ${hostPrefix(address)} table ${TABLE} priority ${PRIORITY}`;
      commands.push(isV6(address) ? `-6 ${rule}` : rule);
    }
  }
  for (const { address, macAddress } of adapter.neighbors) {
    commands.push(`neigh replace ${address} lladdr ${macAddress} dev ${link} nud permanent`);
  }
  // A next hop may lie on the link by a route alone: those to the link come first.
  for (const route of [...adapter.routes].sort((a, b) => Number(a.nextHop !== "") - Number(b.nextHop !== ""))) {
    const metric = adapter.enableLowMetric ? LOW_METRIC : route.metric;
    const source = route.source === "" ? "" : ` src ${route.source}`;
    const end = `dev ${link}${metric > 0 ? ` metric ${metric}` : ""}${source}${table}`;
    if (route.nextHop === "") {
      commands.push(`route replace ${route.destination} ${end}`);
      continue;
    }
    if (!onLink(adapter, route.nextHop)) {
      commands.push(`route replace ${hostPrefix(route.nextHop)} dev ${link}${table}`);
    }
    commands.push(`route replace ${route.destination} via ${route.nextHop} ${end}`);
  }
  return commands;
}

function hostPrefix(address: string): string {
  return `${address}/${isV6(address) ? 128 : 32}`;
}
