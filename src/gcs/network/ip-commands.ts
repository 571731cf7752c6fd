import { isV6, type NetworkAdapter, onLink } from "./adapter.ts";

/** Policy-based routing: rule priority, table and metric that hcsshim's guest uses (reference: hcsshim 6.3). */
const TABLE = "101";
const PRIORITY = "5";
const LOW_METRIC = 500;

/** The arguments of the `ip` calls that set the link up, to be run inside the container's network namespace, in order. */
export function configureCommands(adapter: NetworkAdapter, link: string, mtu: number): string[][] {
  const commands = [["link", "set", "dev", "lo", "up"]];
  if (adapter.encapOverhead > 0) {
    commands.push(["link", "set", "dev", link, "mtu", String(mtu - adapter.encapOverhead)]);
  }
  commands.push(["link", "set", "dev", link, "up"]);
  const table = adapter.policyBasedRouting ? ["table", TABLE] : [];
  for (const { address, prefixLength } of adapter.addresses) {
    // Duplicate address detection would leave an IPv6 address unusable for a second or two.
    const flags = isV6(address) ? ["nodad"] : [];
    commands.push([family(address), "addr", "add", `${address}/${prefixLength}`, "dev", link, ...flags]);
    if (adapter.policyBasedRouting) {
      const host = `${address}/${isV6(address) ? 128 : 32}`;
      commands.push([family(address), "rule", "add", "from", host, "table", TABLE, "priority", PRIORITY]);
    }
  }
  for (const route of adapter.routes) {
    const metric = adapter.enableLowMetric ? LOW_METRIC : route.metric;
    if (!onLink(adapter, route.nextHop)) {
      const host = `${route.nextHop}/${isV6(route.nextHop) ? 128 : 32}`;
      commands.push([family(route.nextHop), "route", "replace", host, "dev", link, ...table]);
    }
    const to = [family(route.nextHop), "route", "replace", route.destination, "via", route.nextHop, "dev", link];
    commands.push([...to, ...(metric > 0 ? ["metric", String(metric)] : []), ...table]);
  }
  return commands;
}

function family(address: string): string {
  return isV6(address) ? "-6" : "-4";
}
