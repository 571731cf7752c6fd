import { invalidArgument } from "../../errors/shim-error.ts";

/**
 * Where a socket is bound or connected: of a Hyper-V socket the VM and the service, both GUIDs; or a port of this machine's
 * loopback, which stands for it where there is no Hyper-V.
 */
export type SocketAddress =
  | { readonly family: "hyperv"; readonly vmId: string; readonly serviceId: string }
  | { readonly family: "inet"; readonly port: number };

export type SocketFamily = SocketAddress["family"];

/** Family, type (stream) and protocol of WSASocketW, and the size of the family's address (hvsocket.h, ws2def.h). */
export const socketFamilies = {
  hyperv: { family: 34, protocol: 1, addressBytes: 36 },
  inet: { family: 2, protocol: 6, addressBytes: 16 },
} as const satisfies Record<SocketFamily, { family: number; protocol: number; addressBytes: number }>;

/** SOCKADDR_HV {family u16, reserved u16, VmId, ServiceId} or SOCKADDR_IN {family u16, port, 127.0.0.1, zero}. */
export function encodeAddress(address: SocketAddress): Uint8Array {
  const { family, addressBytes } = socketFamilies[address.family];
  const bytes = new Uint8Array(addressBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, true);
  if (address.family === "inet") {
    view.setUint16(2, address.port);
    bytes.set([127, 0, 0, 1], 4);
  } else {
    bytes.set(encodeGuid(address.vmId), 4);
    bytes.set(encodeGuid(address.serviceId), 20);
  }
  return bytes;
}

/** The port of a SOCKADDR_IN. */
export function inetPort(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint16(2);
}

/** A GUID in memory: its first three groups are little-endian numbers, the rest is as it is written. */
export function encodeGuid(text: string): Uint8Array {
  const groups = /^(\w{8})-(\w{4})-(\w{4})-(\w{4})-(\w{12})$/.exec(text)?.slice(1) ?? [];
  const [a = "", b = "", c = "", d = "", e = ""] = groups.map((group) => (/^[0-9a-f]+$/i.test(group) ? group : ""));
  if (a === "" || b === "" || c === "" || d === "" || e === "") {
    throw invalidArgument(`"${text}" is no GUID; cannot make a socket's address of it`);
  }
  const reversed = [a, b, c].map((group) => Buffer.from(group, "hex").reverse());
  return Buffer.concat([...reversed, Buffer.from(d + e, "hex")]);
}
