import type { InitOf } from "../../prot/json-codec.ts";
import { RequestType } from "../../prot/protocol.ts";
import { ResourceType } from "../../prot/resources/resource-type.ts";
import { hvSocketAddress } from "../../prot/resources/wcow.ts";
import type { GuestConnection } from "../connection.ts";
import type { GuestCallOptions } from "../guest.ts";
import { resourceOf } from "../modify.ts";

type HvSocketAddress = InitOf<typeof hvSocketAddress>;

/** Hyper-V sockets of Windows guests (hcsshim's HVSocketManager). */
export interface HvSocketManager {
  /**
   * Tells the guest its own VM id and its host's (WINDOWS_GCS_HOST_ID). After each connection, before its first container:
   * where the bridge is ours and not HCS's, nobody else tells it.
   */
  updateHvSocketAddress(settings: HvSocketAddress, options?: GuestCallOptions): Promise<void>;
}

export function hvSocketManager(connection: GuestConnection): HvSocketManager {
  return { updateHvSocketAddress: resourceOf(connection, ResourceType.hvSocket, hvSocketAddress)(RequestType.update) };
}
