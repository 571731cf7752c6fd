import type { GuestConnection } from "../connection.ts";
import type { Guest, WindowsContainerDocument } from "../guest.ts";
import { type CimsManager, cimsManager } from "./block-cims.ts";
import { type WcowDirectoryManager, wcowDirectoryManager } from "./directories.ts";
import { type HvSocketManager, hvSocketManager } from "./hvsocket.ts";
import { type WcowLayersManager, wcowLayersManager } from "./layers.ts";
import { type WcowLogForwarding, wcowLogForwarding } from "./log-forwarding.ts";
import { type WcowNetworkManager, wcowNetworkManager } from "./network.ts";
import { type WcowScsiManager, wcowScsiManager } from "./scsi.ts";

/** What is asked of Windows guests alone. */
export type WindowsManagers = WcowLayersManager &
  WcowDirectoryManager &
  WcowScsiManager &
  WcowNetworkManager &
  WcowLogForwarding &
  CimsManager &
  HvSocketManager;

/** What a Windows guest of a pod does in place of that. */
export type PodWindowsGuest = WindowsManagers &
  Pick<Guest<WindowsContainerDocument>, "capabilities" | "createContainer" | "createProcess">;

export function windowsManagers(guest: GuestConnection): WindowsManagers {
  return {
    ...wcowLayersManager(guest),
    ...wcowDirectoryManager(guest),
    ...wcowScsiManager(guest),
    ...wcowNetworkManager(guest),
    ...wcowLogForwarding(guest),
    ...cimsManager(guest),
    ...hvSocketManager(guest),
  };
}
