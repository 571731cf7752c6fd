import type { GuestDirectories } from "../../guestmanager/directories.ts";
import type { Guest } from "../../guestmanager/guest.ts";
import type { GuestScsi } from "../../guestmanager/scsi.ts";
import type { Plan9Manager } from "../../vmmanager/plan9.ts";
import type { ScsiManager } from "../../vmmanager/scsi.ts";
import { count, list, record } from "../saved-json.ts";
import { Plan9Controller } from "./plan9/controller.ts";
import { type DeviceLimits, deviceLimits } from "./ports.ts";
import { ScsiController } from "./scsi/controller.ts";
import { ShmController } from "./shm/controller.ts";

/** The devices of one VM: made with it, forgotten with it. */
export interface VmDevices {
  readonly scsi: ScsiController;
  readonly plan9: Plan9Controller;
  readonly shm: ShmController;
  /** What a restored VM's devices must not take again; what they hold stays until that VM's end. */
  save(): SavedDevices;
}

/** As JSON: mounts made so far, and the SCSI places in use. */
export interface SavedDevices {
  readonly mounts: number;
  readonly slots: readonly number[];
}

export function readSavedDevices(value: unknown, member: string): SavedDevices {
  const saved = record(value, member);
  return { mounts: count(saved.mounts, `${member}.mounts`), slots: list(saved.slots, `${member}.slots`, count) };
}

export type DeviceGuest = GuestScsi & GuestDirectories & Pick<Guest, "createProcess">;

export function vmDevices(
  vm: { readonly uvm: ScsiManager & Plan9Manager; readonly guest: DeviceGuest },
  limits: DeviceLimits = deviceLimits,
  saved: SavedDevices = { mounts: 0, slots: [] },
): VmDevices {
  let last = saved.mounts;
  // hcsshim's name for what is mounted in the guest beside the containers' own directories.
  const nextMountPath = (): string => `/run/mounts/m${last++}`;
  const scsi = new ScsiController({ ...vm, nextMountPath, limits }, saved.slots);
  return {
    scsi,
    plan9: new Plan9Controller({ ...vm, nextMountPath, limits }),
    shm: new ShmController({ guest: vm.guest, nextMountPath, limits }),
    save: () => ({ mounts: last, slots: scsi.places() }),
  };
}
