import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { addressBits, isV6 } from "../network/adapter.ts";
import { resolvConf } from "../network/resolv-conf.ts";
import type { BootNetwork } from "./boot-arguments.ts";

export interface NetworkTools {
  /** The link that has the MAC address; rejects with not-found. */
  findLink(mac: string): Promise<string>;
  /** Runs a program to its end; rejects with its stderr unless it exits with 0. */
  run(argv: readonly string[], options?: { input?: string }): Promise<void>;
  hasDefaultRoute(): boolean;
  /** Where resolv.conf is, and where the script of DHCP leases goes. */
  readonly resolvConf: string;
  readonly leaseScript: string;
}

/** Three seconds apart: a guest that is emulated on a busy host may miss the first answers. */
const TRIES = "10";

/** What udhcpc runs at each change of a lease. The first router becomes the default gateway where there is none. */
const LEASE = `#!/bin/sh
case $1 in
bound|renew)
  ip addr replace "$ip/\${mask:-24}" dev "$interface"
  for gateway in $router; do ip route add default via "$gateway" dev "$interface" 2>/dev/null; break; done
  for server in $dns; do grep -qx "nameserver $server" RESOLV || echo "nameserver $server" >>RESOLV; done
  ;;
esac
exit 0
`;

/**
 * Sets the links up, one after the other as they were named; the first that has a gateway gives the default route. Rejects
 * with what `ip` or udhcpc says.
 */
export async function configureNetworks(networks: readonly BootNetwork[], tools: NetworkTools): Promise<void> {
  if (networks.length === 0) return;
  const servers = networks.flatMap((network) => gatewayOf(network) ?? []);
  writeFileSync(tools.resolvConf, resolvConf({ searches: [], servers }));
  let routed = false;
  for (const network of networks) {
    const link = await tools.findLink(network.mac);
    const lines = linkCommands(network, link).map((line) => `${line}\n`);
    await tools.run(["ip", "-batch", "-"], { input: lines.join("") });
    const gateway = gatewayOf(network);
    if (network.dhcp) {
      await lease(link, tools);
      routed ||= tools.hasDefaultRoute();
    } else if (gateway !== undefined && !routed) {
      await tools.run(["ip", isV6(gateway) ? "-6" : "-4", "route", "replace", "default", "via", gateway, "dev", link]);
      routed = true;
    }
  }
}

/** Of IPv4, in this network namespace. */
export function hasDefaultRoute(table = readFileSync("/proc/net/route", "utf8")): boolean {
  return table.split("\n").some((line) => /^\S+\t0{8}\t(\S+\t){5}0{8}\t/.test(line));
}

/** Addresses are used at once: whoever gave them sees to it that nobody else has them. */
export function linkCommands({ addresses }: BootNetwork, link: string): string[] {
  const nodad = (address: string): string => (isV6(address) ? " nodad" : "");
  return [...addresses.map((address) => `addr add ${address} dev ${link}${nodad(address)}`), `link set dev ${link} up`];
}

/**
 * The first address of the first subnet, as nerdbox's guest takes it; undefined where the guest has that one itself, or
 * there is no other.
 */
export function gatewayOf({ addresses }: BootNetwork): string | undefined {
  const [cidr] = [...addresses].sort((a, b) => Number(isV6(a)) - Number(isV6(b)));
  if (cidr === undefined) return undefined;
  const [address = "", length = ""] = cidr.split("/");
  const host = BigInt((isV6(address) ? 128 : 32) - Number(length));
  const own = addressBits(address);
  const gateway = ((own >> host) << host) + 1n;
  return host < 2n || gateway === own ? undefined : formatAddress(gateway, isV6(address));
}

/** Returns with the lease; udhcpc stays and renews it. */
async function lease(link: string, tools: NetworkTools): Promise<void> {
  const { leaseScript } = tools;
  mkdirSync(dirname(leaseScript), { recursive: true, mode: 0o755 });
  writeFileSync(leaseScript, LEASE.replaceAll("RESOLV", tools.resolvConf), { mode: 0o755 });
  await tools.run(["busybox", "udhcpc", "-n", "-t", TRIES, "-i", link, "-s", leaseScript]);
}

function formatAddress(bits: bigint, v6: boolean): string {
  const [count, width, radix] = v6 ? [8, 16n, 16] : [4, 8n, 10];
  const parts = Array.from(
    { length: count },
    (_, index) => (bits >> (BigInt(count - 1 - index) * width)) % (1n << width),
  );
  return parts.map((part) => part.toString(radix)).join(v6 ? ":" : ".");
}
