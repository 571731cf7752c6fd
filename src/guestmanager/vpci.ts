import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { lcowMappedVpciDevice } from "../prot/resources/devices.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { resourceOf } from "./modify.ts";

type MappedVpciDevice = InitOf<typeof lcowMappedVpciDevice>;

/** Assigned PCI devices in Linux guests (with GuestVpmem, hcsshim's LCOWDeviceManager). There is no removal: the host's is enough. */
export interface GuestVpci {
  /** Waits until the guest sees the device (AddVPCIDevice). Our own guest has no VMBus: unimplemented. */
  addVpciDevice(settings: MappedVpciDevice, options?: GuestCallOptions): Promise<void>;
}

export function guestVpci(connection: GuestConnection): GuestVpci {
  return { addVpciDevice: resourceOf(connection, ResourceType.vpciDevice, lcowMappedVpciDevice)(RequestType.add) };
}
