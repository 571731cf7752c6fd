import { failedPrecondition } from "../../errors/shim-error.ts";
import type { GuestDirectories } from "../../guestmanager/directories.ts";
import type { Guest } from "../../guestmanager/guest.ts";
import type { GuestScsi } from "../../guestmanager/scsi.ts";
import type { GuestUnixSockets } from "../../guestmanager/sockets.ts";
import type { Plan9Manager } from "../../vmmanager/plan9.ts";
import type { ScsiManager } from "../../vmmanager/scsi.ts";
import type { UtilityVM } from "../../vmmanager/uvm.ts";
import { count, list, record } from "../saved-json.ts";
import { Plan9Controller } from "./plan9/controller.ts";
import { type DeviceLimits, deviceLimits } from "./ports.ts";
import { ScsiController } from "./scsi/controller.ts";
import { readSavedDisks, type SavedDisks } from "./scsi/saved.ts";
import { ShmController } from "./shm/controller.ts";
import { readSavedShm, type SavedShm } from "./shm/saved.ts";
import { SocketController } from "./socket/controller.ts";

/** The devices of one VM: made with it, forgotten with it. */
export interface VmDevices {
  readonly scsi: ScsiController;
  readonly plan9: Plan9Controller;
  readonly shm: ShmController;
  readonly sockets: SocketController;
  /**
   * For `vmDevices` of the restored VM. What nobody reserves again there stays until that VM's end. Throws
   * failed-precondition where there are shares or sockets.
   */
  save(): SavedDevices;
}

/** As JSON. */
export interface SavedDevices {
  /** Mount paths given out so far. */
  readonly mounts: number;
  readonly scsi: SavedDisks;
  readonly shm: readonly SavedShm[];
}

export function readSavedDevices(value: unknown, member: string): SavedDevices {
  const saved = record(value, member);
  return {
    mounts: count(saved.mounts, `${member}.mounts`),
    scsi: readSavedDisks(saved.scsi, `${member}.scsi`),
    shm: list(saved.shm, `${member}.shm`, readSavedShm),
  };
}

export type DeviceGuest = GuestScsi & GuestDirectories & GuestUnixSockets & Pick<Guest, "createProcess">;

export function vmDevices(
  vm: { readonly uvm: ScsiManager & Plan9Manager & Pick<UtilityVM, "sockets">; readonly guest: DeviceGuest },
  limits: DeviceLimits = deviceLimits,
  saved?: SavedDevices,
): VmDevices {
  let last = saved?.mounts ?? 0;
  // hcsshim's name for what is mounted in the guest beside the containers' own directories.
  const nextMountPath = (): string => `/run/mounts/m${last++}`;
  const scsi = new ScsiController({ ...vm, nextMountPath, limits }, saved?.scsi);
  const plan9 = new Plan9Controller({ ...vm, nextMountPath, limits });
  const shm = new ShmController({ guest: vm.guest, nextMountPath, limits }, saved?.shm);
  const sockets = new SocketController({ ...vm, nextMountPath, limits });
  return {
    ...{ scsi, plan9, shm, sockets },
    save() {
      if (plan9.held > 0) {
        throw failedPrecondition(
          `the vm has ${plan9.held} directory shares; cannot save it: use disks, e.g. a block-device snapshotter`,
        );
      }
      if (sockets.held > 0) {
        throw failedPrecondition(
          `the vm has ${sockets.held} sockets of this host; cannot save it: their connections are here`,
        );
      }
      return { mounts: last, scsi: scsi.save(), shm: shm.save() };
    },
  };
}
