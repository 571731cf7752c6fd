import type { HostComputeEndpoint, HostComputeNamespace } from "../../../prot/resources/hcn.ts";
import type { HostComputeNetwork } from "../../../vmmanager/host-network/hcn/host-compute-network.ts";
import type { CallOptions } from "../../../vmmanager/lifetime.ts";
import type { NetworkManager } from "../../../vmmanager/network.ts";
import type { UtilityVM } from "../../../vmmanager/uvm.ts";

/** What a namespace of HCN asks of this host. */
export type HcnPorts = Pick<HostComputeNetwork, "namespace" | "endpoint">;

/** And of the running VM. */
export interface HcnVm {
  readonly uvm: NetworkManager & Pick<UtilityVM, "stack" | "supported">;
  readonly guest: EndpointGuest;
}

/** The guest's half, by its operating system: one method, one request at most. */
export interface EndpointGuest {
  /** Before any of its endpoints. */
  addNamespace(namespace: HostComputeNamespace, call: CallOptions): Promise<void>;
  /** After the last of them. */
  removeNamespace(namespace: HostComputeNamespace, call: CallOptions): Promise<void>;
  /** The adapter is about to come. */
  announce(nicId: string, endpoint: HostComputeEndpoint, call: CallOptions): Promise<void>;
  /** The adapter is there. */
  add(nicId: string, endpoint: HostComputeEndpoint, call: CallOptions): Promise<void>;
  /** The adapter is about to go. */
  remove(nicId: string, endpoint: HostComputeEndpoint, call: CallOptions): Promise<void>;
}
