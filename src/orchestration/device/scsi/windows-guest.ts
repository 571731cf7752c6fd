import type { GuestCallOptions } from "../../../guestmanager/guest.ts";
import type { GuestScsi } from "../../../guestmanager/scsi.ts";
import { scsiLayerWcowUnsupported } from "../errors.ts";

/** Disks in Windows guests, on their one controller. */
export interface GuestWindowsDisks {
  addMappedVirtualDisk(settings: WindowsDisk, options?: GuestCallOptions): Promise<void>;
  removeMappedVirtualDisk(settings: WindowsDisk, options?: GuestCallOptions): Promise<void>;
}

interface WindowsDisk {
  readonly containerPath: string;
  readonly lun: number;
}

/** A Windows guest as the disks' controller sees it. What only a Linux guest does with a disk is refused: unimplemented. */
export function windowsGuestScsi(guest: GuestWindowsDisks): GuestScsi {
  return {
    async addMappedVirtualDisk(settings, options) {
      const { mountPath: containerPath = "", lun = 0, controller = 0 } = settings;
      const { partition = 0n, encrypted, blockDev, filesystem = "", options: words = [] } = settings;
      const linuxOnly: readonly [unknown, string][] = [
        [controller > 0, `SCSI controller ${controller}`],
        [partition > 0n, `partition ${partition}`],
        [encrypted, "encryption"],
        [blockDev, "a block device without a mount"],
        [filesystem !== "", `a layer of type ${filesystem}`],
        [words.length > 0, `mount options ${words.join(",")}`],
      ];
      const found = linuxOnly.find(([isAsked]) => isAsked);
      if (found !== undefined) throw scsiLayerWcowUnsupported(containerPath, found[1]);
      await guest.addMappedVirtualDisk({ containerPath, lun }, options);
    },
    removeMappedVirtualDisk: ({ mountPath: containerPath = "", lun = 0 }, options) =>
      guest.removeMappedVirtualDisk({ containerPath, lun }, options),
    // A Windows guest lets go of a disk with its last mount.
    async removeScsiDevice() {},
  };
}
