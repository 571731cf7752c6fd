import { invalidArgument, unimplemented } from "../errors/shim-error.ts";
import type { NetworkMode, NetworkOpts } from "./options.ts";

/** Bits of `NetworkOpts.features`: virtio-net's own (virtio 1.2, 5.1.3), those that can be had. */
export const nicFeatures = {
  mac: 1 << 5,
  mergeableReceiveBuffers: 1 << 15,
  status: 1 << 16,
  controlQueue: 1 << 17,
  controlReceiveMode: 1 << 18,
  controlVlan: 1 << 19,
  guestAnnounce: 1 << 21,
  controlMac: 1 << 23,
} as const;

/** Bits of `NetworkOpts.flags`, as libkrun has them. */
export const nicFlags = {
  /** Says "VFKT" on the socket before the first frame, as vfkit does and gvproxy waits for. */
  vfkit: 1 << 0,
} as const;

/** What carries a checksum or a segment to be cut by somebody else: that needs a header on each frame (vnet_hdr). */
const OFFLOADS: Readonly<Record<number, string>> = {
  0: "CSUM",
  1: "GUEST_CSUM",
  2: "CTRL_GUEST_OFFLOADS",
  7: "GUEST_TSO4",
  8: "GUEST_TSO6",
  9: "GUEST_ECN",
  10: "GUEST_UFO",
  11: "HOST_TSO4",
  12: "HOST_TSO6",
  13: "HOST_ECN",
  14: "HOST_UFO",
};
const NEED_QUEUE =
  nicFeatures.controlReceiveMode | nicFeatures.controlVlan | nicFeatures.guestAnnounce | nicFeatures.controlMac;
const REFUSED_FLAGS: Readonly<Record<number, string>> = {
  1: "DHCP_CLIENT: the guest's agent has no DHCP client",
  2: "VNET_HDR: QEMU 7.2 puts no header on frames of a unix socket",
};

export interface Nic {
  readonly kind: "nic";
  /** Path of the socket that carries its frames. */
  readonly endpoint: string;
  /** Lower case, with colons. */
  readonly macAddress: string;
  readonly mode: NetworkMode;
  /** Names of `nicFeatures`; undefined: all. */
  readonly features: readonly NicFeature[] | undefined;
  readonly vfkit: boolean;
}

export type NicFeature = keyof typeof nicFeatures;

/** Throws invalid-argument for what is no adapter, unimplemented for what this VM can't have. */
export function checkNic(endpoint: string, mac: string, mode: NetworkMode, options: NetworkOpts): Nic {
  const what = `adapter ${mac}`;
  if (mode !== "unixgram" && mode !== "unixstream") {
    throw invalidArgument(`${what} is of mode ${JSON.stringify(mode)}; cannot add it: use unixgram or unixstream`);
  }
  if (!/^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(mac) || (Number.parseInt(mac, 16) & 1) !== 0 || /^[0:-]*$/.test(mac)) {
    throw invalidArgument(`${JSON.stringify(mac)} is no adapter's MAC address; cannot add it: use a unicast one`);
  }
  const { features = 0, flags = 0 } = options;
  for (const [name, value] of Object.entries({ features, flags })) {
    if (Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff) continue;
    throw invalidArgument(`${what} has the ${name} ${value}; cannot add it: use a number of 32 bits`);
  }
  const offloads = bitsOf(features).flatMap((bit) => OFFLOADS[bit] ?? []);
  if (offloads.length > 0) {
    throw unimplemented(
      `${what} is to have the offloads ${offloads.join(", ")}; cannot add it: QEMU 7.2 puts no header on frames of a unix socket, leave them out`,
    );
  }
  const names = Object.keys(nicFeatures) as NicFeature[];
  const unknown = bitsOf(features).filter((bit) => !names.some((name) => nicFeatures[name] === 2 ** bit));
  if (unknown.length > 0) {
    throw unimplemented(
      `${what} is to have the feature bits ${unknown.join(", ")}; cannot add it: there are only nicFeatures`,
    );
  }
  const { controlQueue } = nicFeatures;
  if ((features & NEED_QUEUE) !== 0 && (features & controlQueue) === 0) {
    // Linux has no adapter at all then.
    throw invalidArgument(
      `${what} is to have features that go over the control queue; cannot add it: add controlQueue`,
    );
  }
  const refused = bitsOf(flags).filter((bit) => 2 ** bit !== nicFlags.vfkit);
  if (refused.length > 0) {
    const told = refused.map((bit) => REFUSED_FLAGS[bit] ?? `bit ${bit}, which means nothing here`);
    throw unimplemented(`${what} is to have the flag ${told.join("; ")}; cannot add it: leave it out`);
  }
  return {
    ...{ kind: "nic", endpoint, mode, macAddress: mac.toLowerCase().replaceAll("-", ":") },
    features: features === 0 ? undefined : names.filter((name) => (features & nicFeatures[name]) !== 0),
    vfkit: (flags & nicFlags.vfkit) !== 0,
  };
}

function bitsOf(mask: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => Math.floor(mask / 2 ** bit) % 2 === 1);
}
