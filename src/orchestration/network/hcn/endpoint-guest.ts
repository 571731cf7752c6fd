import type { Guest } from "../../../guestmanager/guest.ts";
import type { GuestNetwork } from "../../../guestmanager/network.ts";
import { hcnEndpoint, hcnNamespace } from "../../../vmmanager/host-network/hcn/schema.ts";
import type { CallOptions } from "../../../vmmanager/lifetime.ts";
import { type AdapterOptions, endpointAdapter } from "./adapter.ts";
import type { EndpointGuest } from "./ports.ts";

/** What is asked of a Windows guest, with HCN's documents as they are. */
export interface WindowsGuestNetwork {
  addNetworkNamespace(namespace: object, call: CallOptions): Promise<void>;
  removeNetworkNamespace(namespace: object, call: CallOptions): Promise<void>;
  /** PreAdd with the endpoint, Add without. */
  addNetworkInterface(id: string, type: "PreAdd" | "Add", endpoint: object | null, call: CallOptions): Promise<void>;
  removeNetworkInterface(id: string, call: CallOptions): Promise<void>;
}

/**
 * A Linux guest has a namespace once an adapter or a container names it. One without the capability gets its adapters from
 * the host alone.
 */
export function linuxEndpointGuest(
  guest: GuestNetwork & Pick<Guest, "capabilities">,
  options: AdapterOptions,
): EndpointGuest {
  const { namespaceId } = options;
  const configures = (): boolean => guest.capabilities().namespaceAddRequestSupported;
  return {
    addNamespace: async () => {},
    removeNamespace: async () => {},
    announce: async () => {},
    async add(id, endpoint, call) {
      if (configures()) await guest.addNetworkInterface(endpointAdapter(id, endpoint, options), call);
    },
    async remove(id, _endpoint, call) {
      if (configures()) await guest.removeNetworkInterface({ namespaceId, id }, call);
    },
  };
}

/** A Windows guest has an HNS of its own, which is told of the namespace and of each endpoint before its adapter comes. */
export function windowsEndpointGuest(guest: WindowsGuestNetwork & Pick<Guest, "capabilities">): EndpointGuest {
  const hasNamespaces = (): boolean => guest.capabilities().namespaceAddRequestSupported;
  return {
    async addNamespace(namespace, call) {
      if (hasNamespaces()) await guest.addNetworkNamespace(hcnNamespace.encode(namespace) as object, call);
    },
    async removeNamespace(namespace, call) {
      if (hasNamespaces()) await guest.removeNetworkNamespace(hcnNamespace.encode(namespace) as object, call);
    },
    announce: (id, endpoint, call) =>
      guest.addNetworkInterface(id, "PreAdd", hcnEndpoint.encode(endpoint) as object, call),
    add: (id, _endpoint, call) => guest.addNetworkInterface(id, "Add", null, call),
    remove: (id, _endpoint, call) => guest.removeNetworkInterface(id, call),
  };
}
