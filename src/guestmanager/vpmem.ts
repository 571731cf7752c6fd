import type { InitOf } from "../prot/json-codec.ts";
import { RequestType } from "../prot/protocol.ts";
import { lcowMappedVpmemDevice } from "../prot/resources/devices.ts";
import { ResourceType } from "../prot/resources/resource-type.ts";
import type { GuestConnection } from "./connection.ts";
import type { GuestCallOptions } from "./guest.ts";
import { modifyGuest } from "./modify.ts";

type MappedVpmemDevice = InitOf<typeof lcowMappedVpmemDevice>;

/** Images in the persistent memory of Linux guests. */
export interface GuestVpmem {
  /** Waits for the device to appear, then mounts it read-only. */
  addVpmemDevice(settings: MappedVpmemDevice, options?: GuestCallOptions): Promise<void>;
  /** Unmounts it. A path where nothing is mounted counts as removed. */
  removeVpmemDevice(settings: MappedVpmemDevice, options?: GuestCallOptions): Promise<void>;
}

export function guestVpmem(connection: GuestConnection): GuestVpmem {
  const send = (type: RequestType) => (value: MappedVpmemDevice, options?: GuestCallOptions) =>
    modifyGuest(connection, ResourceType.vpmemDevice, type, { codec: lcowMappedVpmemDevice, value }, options);
  return { addVpmemDevice: send(RequestType.add), removeVpmemDevice: send(RequestType.remove) };
}
