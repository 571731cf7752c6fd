import { invalidArgument } from "../../errors/shim-error.ts";
import { lcowNetworkAdapter } from "../../prot/resources/network.ts";

/** Settings of resource "Network" on Linux (reference: hcsshim 5.3). */
export interface NetworkAdapter {
  readonly namespaceId: string;
  readonly id: string;
  /** Lower case with colons; "" where only the id tells which link it is. */
  readonly macAddress: string;
  readonly dnsSearches: readonly string[];
  readonly dnsServers: readonly string[];
  /** Bytes that the link's MTU shrinks by. */
  readonly encapOverhead: number;
  readonly addresses: readonly { readonly address: string; readonly prefixLength: number }[];
  readonly routes: readonly AdapterRoute[];
  readonly policyBasedRouting: boolean;
  readonly enableLowMetric: boolean;
  /** "": the next of eth0, eth1... */
  readonly interfaceName: string;
  /** Bytes; 0: as the link comes. */
  readonly mtu: number;
  readonly neighbors: readonly { readonly address: string; readonly macAddress: string }[];
}

export interface AdapterRoute {
  /** "" for what is on the link. */
  readonly nextHop: string;
  readonly destination: string;
  readonly metric: number;
  /** "": as the kernel chooses. */
  readonly source: string;
}

const ADDRESS = /^[0-9a-fA-F:.]{2,45}$/;

/** Throws invalid-argument; what passes is safe to stand on an `ip` command line. */
export function parseAdapter(value: unknown): NetworkAdapter {
  const settings = lcowNetworkAdapter.decode(value, "Network");
  const { interfaceName, mtu } = settings;
  if (interfaceName !== "" && (!/^[\w.@+-]{1,15}$/.test(interfaceName) || /^\.{1,2}$|^-/.test(interfaceName))) {
    throw invalidArgument(`Network: InterfaceName ${JSON.stringify(interfaceName)} is not a link's name`);
  }
  return {
    namespaceId: settings.namespaceId.toLowerCase(),
    id: settings.id.toLowerCase(),
    macAddress: settings.macAddress === "" ? "" : hardwareAddress(settings.macAddress),
    dnsSearches: commaList(settings.dnsSuffix),
    dnsServers: commaList(settings.dnsServerList).map((server) => address("DNSServerList", server)),
    encapOverhead: settings.encapOverhead,
    addresses: settings.ipConfigs.map(({ ipAddress, prefixLength }) => {
      const ip = address("IPAddress", ipAddress);
      if (prefixLength > (isV6(ip) ? 128 : 32)) {
        throw invalidArgument(`Network: PrefixLength ${prefixLength} of ${ip} is too long`);
      }
      return { address: ip, prefixLength };
    }),
    routes: settings.routes.map((route) => ({
      nextHop: route.nextHop === "" ? "" : address("NextHop", route.nextHop),
      destination: destination(route.destinationPrefix),
      metric: route.metric,
      source: route.source === "" ? "" : address("Source", route.source),
    })),
    policyBasedRouting: settings.policyBasedRouting,
    enableLowMetric: settings.enableLowMetric,
    interfaceName,
    mtu,
    neighbors: settings.neighbors.map((neighbor) => ({
      address: address("Neighbors.IPAddress", neighbor.ipAddress),
      macAddress: hardwareAddress(neighbor.macAddress),
    })),
  };
}

export const isV6 = (address: string): boolean => address.includes(":");

/** True where the address lies in the subnet of one of the configured addresses, so that no extra route leads to it. */
export function onLink(adapter: NetworkAdapter, address: string): boolean {
  return adapter.addresses.some((own) => {
    if (isV6(own.address) !== isV6(address)) return false;
    const shift = BigInt((isV6(address) ? 128 : 32) - own.prefixLength);
    return addressBits(own.address) >> shift === addressBits(address) >> shift;
  });
}

/** An IPv4 or IPv6 address as a number. Throws invalid-argument where it is neither. */
export function addressBits(text: string): bigint {
  const wrong = invalidArgument(`Network: "${text}" is not an IP address`);
  if (!isV6(text)) {
    const bytes = text.split(".").map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
    if (bytes.length !== 4 || bytes.some((byte) => byte > 255)) throw wrong;
    return bytes.reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n);
  }
  const [head = "", tail, ...more] = text.split("::");
  if (more.length > 0) throw wrong;
  const groups = (half: string): string[] => (half === "" ? [] : half.split(":"));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) throw wrong;
  const all = [...left, ...Array.from({ length: missing }, () => "0"), ...right];
  if (all.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group))) throw wrong;
  return all.reduce((bits, group) => (bits << 16n) | BigInt(Number.parseInt(group, 16)), 0n);
}

function hardwareAddress(text: string): string {
  const mac = text.toLowerCase().replaceAll("-", ":");
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac)) {
    throw invalidArgument(`Network: MacAddress "${text}" is not six bytes in hexadecimal`);
  }
  return mac;
}

function address(name: string, text: string): string {
  if (!ADDRESS.test(text)) throw invalidArgument(`Network: ${name} "${text}" is not an IP address`);
  addressBits(text);
  return text;
}

function destination(text: string): string {
  const [ip = "", length = "", ...more] = text.split("/");
  address("DestinationPrefix", ip);
  if (more.length > 0 || !/^\d{1,3}$/.test(length) || Number(length) > (isV6(ip) ? 128 : 32)) {
    throw invalidArgument(`Network: DestinationPrefix "${text}" is not an address with a prefix length`);
  }
  return text;
}

function commaList(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
