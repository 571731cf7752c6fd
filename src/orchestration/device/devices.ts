import type { GuestDirectories } from "../../guestmanager/directories.ts";
import type { Guest } from "../../guestmanager/guest.ts";
import type { GuestScsi } from "../../guestmanager/scsi.ts";
import type { Plan9Manager } from "../../vmmanager/plan9.ts";
import type { ScsiManager } from "../../vmmanager/scsi.ts";
import { Plan9Controller } from "./plan9/controller.ts";
import { type DeviceLimits, deviceLimits } from "./ports.ts";
import { ScsiController } from "./scsi/controller.ts";
import { ShmController } from "./shm/controller.ts";

/** The devices of one VM: made with it, forgotten with it. */
export interface VmDevices {
  readonly scsi: ScsiController;
  readonly plan9: Plan9Controller;
  readonly shm: ShmController;
}

export type DeviceGuest = GuestScsi & GuestDirectories & Pick<Guest, "createProcess">;

export function vmDevices(
  vm: { readonly uvm: ScsiManager & Plan9Manager; readonly guest: DeviceGuest },
  limits: DeviceLimits = deviceLimits,
): VmDevices {
  let last = 0;
  // hcsshim's name for what is mounted in the guest beside the containers' own directories.
  const nextMountPath = (): string => `/run/mounts/m${last++}`;
  return {
    scsi: new ScsiController({ ...vm, nextMountPath, limits }),
    plan9: new Plan9Controller({ ...vm, nextMountPath, limits }),
    shm: new ShmController({ guest: vm.guest, nextMountPath, limits }),
  };
}
