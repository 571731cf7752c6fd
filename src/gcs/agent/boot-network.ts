import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { addressBits, isV6 } from "../network/adapter.ts";
import { resolvConf } from "../network/resolv-conf.ts";
import type { BootNetwork } from "./boot-arguments.ts";

/** The link that has the MAC address; rejects with not-found. */
export type FindLink = (mac: string) => Promise<string>;
export type RunProgram = (argv: readonly string[], options?: { input?: string }) => Promise<void>;

const DIRECTORY = "/run/agent";
const LEASE_SCRIPT = `${DIRECTORY}/lease`;
const TRIES = "5";

/** What udhcpc runs at each change of a lease. The first router becomes the default gateway where there is none. */
const LEASE = `#!/bin/sh
case $1 in
bound|renew)
  ip addr replace "$ip/\${mask:-24}" dev "$interface"
  for gateway in $router; do ip route add default via "$gateway" dev "$interface" 2>/dev/null; break; done
  for server in $dns; do grep -qx "nameserver $server" /etc/resolv.conf || echo "nameserver $server" >>/etc/resolv.conf; done
  ;;
esac
exit 0
`;

/** Sets the links up, one after the other as they were named. Rejects with what \`ip\` or udhcpc says. */
export async function configureNetworks(
  networks: readonly BootNetwork[],
  { findLink, run }: { findLink: FindLink; run: RunProgram },
): Promise<void> {
  if (networks.length === 0) return;
  const gateways = networks.flatMap((network) => gatewayOf(network) ?? []);
  writeFileSync("/etc/resolv.conf", resolvConf({ searches: [], servers: gateways }));
  const [gateway] = gateways;
  for (const network of networks) {
    const link = await findLink(network.mac);
    await run(["ip", "-batch", "-"], {
      input: linkCommands(network, link)
        .map((line) => `${line}\n`)
        .join(""),
    });
    if (network.dhcp) await lease(link, run);
  }
  if (gateway !== undefined) await run(["ip", "route", "replace", "default", "via", gateway]);
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
async function lease(link: string, run: RunProgram): Promise<void> {
  mkdirSync(DIRECTORY, { recursive: true, mode: 0o755 });
  writeFileSync(LEASE_SCRIPT, LEASE);
  chmodSync(LEASE_SCRIPT, 0o755);
  await run(["busybox", "udhcpc", "-n", "-t", TRIES, "-i", link, "-s", LEASE_SCRIPT]);
}

function formatAddress(bits: bigint, v6: boolean): string {
  const [count, width, radix] = v6 ? [8, 16n, 16] : [4, 8n, 10];
  const parts = Array.from(
    { length: count },
    (_, index) => (bits >> (BigInt(count - 1 - index) * width)) % (1n << width),
  );
  return parts.map((part) => part.toString(radix)).join(v6 ? ":" : ".");
}
