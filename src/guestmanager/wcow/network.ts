import type { InitOf } from "../../prot/json-codec.ts";
import { RequestType } from "../../prot/protocol.ts";
import {
  type hostComputeEndpoint,
  hostComputeNamespace,
  type NetworkModifyType,
  networkModifyRequest,
} from "../../prot/resources/hcn.ts";
import { ResourceType } from "../../prot/resources/resource-type.ts";
import { needsNamespaces } from "../capabilities.ts";
import type { GuestConnection } from "../connection.ts";
import type { GuestCallOptions } from "../guest.ts";
import { resourceOf } from "../modify.ts";

type Namespace = InitOf<typeof hostComputeNamespace>;
type Endpoint = InitOf<typeof hostComputeEndpoint>;

/** Networks of Windows guests (hcsshim's WCOWNetworkManager). Namespaces need `namespaceAddRequestSupported`: unimplemented without. */
export interface WcowNetworkManager {
  addNetworkNamespace(settings: Namespace, options?: GuestCallOptions): Promise<void>;
  removeNetworkNamespace(settings: Namespace, options?: GuestCallOptions): Promise<void>;
  /** "PreAdd" with the endpoint before the host adds the adapter, "Add" without one after it. */
  addNetworkInterface(
    adapterId: string,
    requestType: NetworkModifyType,
    endpoint?: Endpoint,
    options?: GuestCallOptions,
  ): Promise<void>;
  /** "Remove", without an endpoint, before the host takes the adapter out. */
  removeNetworkInterface(
    adapterId: string,
    requestType: NetworkModifyType,
    endpoint?: Endpoint,
    options?: GuestCallOptions,
  ): Promise<void>;
}

export function wcowNetworkManager(connection: GuestConnection): WcowNetworkManager {
  const namespace = resourceOf(connection, ResourceType.networkNamespace, hostComputeNamespace);
  const adapter = resourceOf(connection, ResourceType.network, networkModifyRequest);
  return {
    async addNetworkNamespace(settings, options) {
      needsNamespaces(connection, `add namespace ${settings.id}`);
      await namespace(RequestType.add)(settings, options);
    },
    async removeNetworkNamespace(settings, options) {
      needsNamespaces(connection, `remove namespace ${settings.id}`);
      await namespace(RequestType.remove)(settings, options);
    },
    addNetworkInterface: (adapterId, requestType, settings, options) =>
      adapter(RequestType.add)({ adapterId, requestType, settings }, options),
    removeNetworkInterface: (adapterId, requestType, settings, options) =>
      adapter(RequestType.remove)({ adapterId, requestType, settings }, options),
  };
}
