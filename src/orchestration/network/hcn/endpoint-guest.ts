import type { Guest } from "../../../guestmanager/guest.ts";
import type { GuestNetwork } from "../../../guestmanager/network.ts";
import type { WcowNetworkManager } from "../../../guestmanager/wcow/network.ts";
import { type AdapterOptions, endpointAdapter } from "./adapter.ts";
import type { EndpointGuest } from "./ports.ts";

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
export function windowsEndpointGuest(guest: WcowNetworkManager & Pick<Guest, "capabilities">): EndpointGuest {
  const hasNamespaces = (): boolean => guest.capabilities().namespaceAddRequestSupported;
  return {
    async addNamespace(namespace, call) {
      if (hasNamespaces()) await guest.addNetworkNamespace(namespace, call);
    },
    async removeNamespace(namespace, call) {
      if (hasNamespaces()) await guest.removeNetworkNamespace(namespace, call);
    },
    announce: (id, endpoint, call) => guest.addNetworkInterface(id, "PreAdd", endpoint, call),
    add: (id, _endpoint, call) => guest.addNetworkInterface(id, "Add", undefined, call),
    remove: (id, _endpoint, call) => guest.removeNetworkInterface(id, "Remove", undefined, call),
  };
}
