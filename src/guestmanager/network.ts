import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { lcowNetworkAdapter } from "../prot/resources/network.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { modifyGuest } from "./modify.ts";

type NetworkAdapter = InitOf<typeof lcowNetworkAdapter>;

/** Network interfaces of Linux guests. */
export interface GuestNetwork {
  addNetworkInterface(settings: NetworkAdapter, options?: GuestCallOptions): Promise<void>;
  removeNetworkInterface(settings: NetworkAdapter, options?: GuestCallOptions): Promise<void>;
}

export function guestNetwork(connection: GuestConnection): GuestNetwork {
  const send = (type: RequestType) => (value: NetworkAdapter, options?: GuestCallOptions) =>
    modifyGuest(connection, ResourceType.network, type, { codec: lcowNetworkAdapter, value }, options);
  return { addNetworkInterface: send(RequestType.add), removeNetworkInterface: send(RequestType.remove) };
}
