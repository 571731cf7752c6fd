import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { lcowNetworkAdapter } from "../prot/resources/network.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import { needsNamespaces } from "./capabilities.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { resourceOf } from "./modify.ts";

type NetworkAdapter = InitOf<typeof lcowNetworkAdapter>;

/** Network interfaces of Linux guests (hcsshim's LCOWNetworkManager). Unimplemented without `namespaceAddRequestSupported`. */
export interface GuestNetwork {
  /** hcsshim's AddLCOWNetworkInterface. */
  addNetworkInterface(settings: NetworkAdapter, options?: GuestCallOptions): Promise<void>;
  /** By namespace and id (RemoveLCOWNetworkInterface). */
  removeNetworkInterface(settings: NetworkAdapter, options?: GuestCallOptions): Promise<void>;
}

export function guestNetwork(connection: GuestConnection): GuestNetwork {
  const adapter = resourceOf(connection, ResourceType.network, lcowNetworkAdapter);
  return {
    async addNetworkInterface(settings, options) {
      needsNamespaces(connection, `add network interface ${settings.id} to namespace ${settings.namespaceId}`);
      await adapter(RequestType.add)(settings, options);
    },
    async removeNetworkInterface(settings, options) {
      needsNamespaces(connection, `remove network interface ${settings.id} from namespace ${settings.namespaceId}`);
      await adapter(RequestType.remove)(settings, options);
    },
  };
}
