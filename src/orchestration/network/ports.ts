import type { GuestNetwork } from "../../guestmanager/network.ts";
import type { HostNetwork } from "../../vmmanager/host-network/host-network.ts";
import type { NetworkManager } from "../../vmmanager/network.ts";
import type { UtilityVM } from "../../vmmanager/uvm.ts";

/** What a pod's network asks of this host. */
export type NetworkPorts = Pick<HostNetwork, "identify" | "links" | "joinTap" | "leaveTap">;

/** And of the running VM. */
export interface NetworkVm {
  readonly uvm: NetworkManager & Pick<UtilityVM, "stack" | "supported">;
  readonly guest: GuestNetwork;
}

/** Bounds in ms, each of one call. */
export interface NetworkLimits {
  /** `ip` and `tc` on this host. */
  readonly host: number;
  /** Plugging or unplugging an adapter. */
  readonly uvm: number;
  /** The guest waits for the adapter to appear. */
  readonly guest: number;
}

export const networkLimits: NetworkLimits = { host: 10_000, uvm: 10_000, guest: 20_000 };
