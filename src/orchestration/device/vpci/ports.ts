import type { GuestCallOptions } from "../../../guestmanager/guest.ts";
import type { PciManager } from "../../../vmmanager/pci.ts";
import type { DeviceLimits } from "../ports.ts";

export interface VpciPorts {
  readonly uvm: PciManager;
  /** Undefined where the guest finds its devices by itself (Windows). */
  readonly guest?: VpciGuest;
  readonly limits: DeviceLimits;
  /** Default: a random one. */
  readonly newGuid?: () => string;
}

export interface VpciGuest {
  /** Resolves once the guest's kernel has the device that the VMBus calls by the GUID. */
  addVpciDevice(settings: { readonly vmBusGuid: string }, options?: GuestCallOptions): Promise<void>;
}

/** A device of the host, given to the VM whole or one virtual function of it. */
export interface VpciRequest {
  /** With HCS its instance path. */
  readonly address: string;
  /** Default: 0. */
  readonly virtualFunction?: number;
}
