import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { lcowMappedVpmemDevice } from "../prot/resources/devices.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { resourceOf } from "./modify.ts";

type MappedVpmemDevice = InitOf<typeof lcowMappedVpmemDevice>;

/** Images in the persistent memory of Linux guests (with GuestVpci, hcsshim's LCOWDeviceManager). */
export interface GuestVpmem {
  /** Waits for the device to appear, then mounts it read-only (AddVPMemDevice). */
  addVpmemDevice(settings: MappedVpmemDevice, options?: GuestCallOptions): Promise<void>;
  /** Unmounts it. A path where nothing is mounted counts as removed (RemoveVPMemDevice). */
  removeVpmemDevice(settings: MappedVpmemDevice, options?: GuestCallOptions): Promise<void>;
}

export function guestVpmem(connection: GuestConnection): GuestVpmem {
  const device = resourceOf(connection, ResourceType.vpmemDevice, lcowMappedVpmemDevice);
  return { addVpmemDevice: device(RequestType.add), removeVpmemDevice: device(RequestType.remove) };
}
