import { ShimError } from "../../errors/shim-error.ts";

/** A link as CNI left it in the pod's network namespace. */
export interface HostLink {
  readonly name: string;
  readonly index: number;
  /** Lower case with colons. */
  readonly macAddress: string;
  /** Bytes. */
  readonly mtu: number;
  /** Without those that the kernel made of the MAC address. */
  readonly addresses: readonly { readonly address: string; readonly prefixLength: number }[];
  /** Of the main table, in its order, without those that come with the addresses. */
  readonly routes: readonly HostRoute[];
}

export interface HostRoute {
  /** With a prefix length. */
  readonly destination: string;
  /** "": on the link. */
  readonly nextHop: string;
  /** 0: none. */
  readonly metric: number;
  /** The preferred source address; "": none. */
  readonly source: string;
}

/** What we name ours, so that they are never taken for CNI's. */
export const TAP_PREFIX = "uvmtap";

/**
 * The links to bring into the VM, from `ip -json address` and `ip -json route` of both families (main table): Ethernet,
 * up, and with an address of somebody's choosing. Tunnel devices that every namespace has are none of these.
 */
export function hostLinks(links: string, ipv4Routes: string, ipv6Routes: string): HostLink[] {
  const routes = [
    ...objects(ipv4Routes).map((route) => ({ route, wide: "0.0.0.0/0", bits: 32 })),
    ...objects(ipv6Routes).map((route) => ({ route, wide: "::/0", bits: 128 })),
  ];
  return objects(links)
    .filter((link) => link.link_type === "ether" && list(link.flags).includes("UP"))
    .filter((link) => !text(link.ifname).startsWith(TAP_PREFIX))
    .map((link) => ({
      name: text(link.ifname),
      index: number(link.ifindex),
      macAddress: text(link.address).toLowerCase(),
      mtu: number(link.mtu),
      addresses: list(link.addr_info)
        .map(object)
        .filter(isConfigured)
        .map((each) => ({ address: text(each.local), prefixLength: number(each.prefixlen) })),
      routes: routes.filter(({ route }) => leadsTo(route, link.ifname)).map(toRoute),
    }))
    .filter(({ addresses }) => addresses.length > 0);
}

function isConfigured({ scope, local, dynamic }: Json): boolean {
  return typeof local === "string" && dynamic !== true && !(scope === "link" && local.startsWith("fe80:"));
}

function leadsTo(route: Json, link: unknown): boolean {
  if (route.dev !== link || (route.type !== undefined && route.type !== "unicast")) return false;
  return route.protocol !== "kernel" && !text(route.dst).startsWith("fe80:") && !text(route.dst).startsWith("ff00:");
}

function toRoute({ route, wide, bits }: { route: Json; wide: string; bits: number }): HostRoute {
  const to = text(route.dst);
  return {
    destination: to === "default" ? wide : to.includes("/") ? to : `${to}/${bits}`,
    nextHop: text(route.gateway),
    metric: number(route.metric),
    source: text(route.prefsrc),
  };
}

type Json = Readonly<Record<string, unknown>>;

function objects(json: string): Json[] {
  // `ip` prints nothing at all where it has nothing to list.
  if (json.trim() === "") return [];
  try {
    return list(JSON.parse(json)).map(object);
  } catch (cause) {
    throw new ShimError("internal", `ip -json answered what is no JSON: ${json.slice(0, 200)}`, { cause });
  }
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const object = (value: unknown): Json => (typeof value === "object" && value !== null ? { ...value } : {});
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number => (typeof value === "number" ? value : 0);
