import { failedPrecondition } from "../../errors/shim-error.ts";
import type { GuestDirectories } from "../../guestmanager/directories.ts";
import type { Guest } from "../../guestmanager/guest.ts";
import type { GuestScsi } from "../../guestmanager/scsi.ts";
import type { GuestUnixSockets } from "../../guestmanager/sockets.ts";
import type { GuestVpmem } from "../../guestmanager/vpmem.ts";
import type { PciManager } from "../../vmmanager/pci.ts";
import type { PipeManager } from "../../vmmanager/pipe.ts";
import type { Plan9Manager } from "../../vmmanager/plan9.ts";
import type { ScsiManager } from "../../vmmanager/scsi.ts";
import type { UtilityVM } from "../../vmmanager/uvm.ts";
import type { VpmemManager } from "../../vmmanager/vpmem.ts";
import type { VsmbManager } from "../../vmmanager/vsmb.ts";
import { count, list, record } from "../saved-json.ts";
import { PipeController } from "./pipe/controller.ts";
import { Plan9Controller } from "./plan9/controller.ts";
import { type DeviceLimits, deviceLimits } from "./ports.ts";
import { ScsiController } from "./scsi/controller.ts";
import { readSavedDisks, type SavedDisks } from "./scsi/saved.ts";
import { type GuestWindowsDisks, windowsGuestScsi } from "./scsi/windows-guest.ts";
import { ShmController } from "./shm/controller.ts";
import { readSavedShm, type SavedShm } from "./shm/saved.ts";
import { SocketController } from "./socket/controller.ts";
import { VpciController } from "./vpci/controller.ts";
import type { VpciGuest } from "./vpci/ports.ts";
import { VpmemController } from "./vpmem/controller.ts";
import type { VpmemFiles } from "./vpmem/ports.ts";
import { VsmbController } from "./vsmb/controller.ts";
import type { VsmbFiles } from "./vsmb/ports.ts";

/** The devices of one VM: made with it, forgotten with it. */
export interface VmDevices {
  readonly scsi: ScsiController;
  readonly plan9: Plan9Controller;
  readonly shm: ShmController;
  readonly sockets: SocketController;
  readonly vpmem: VpmemController;
  readonly vsmb: VsmbController;
  readonly vpci: VpciController;
  readonly pipes: PipeController;
  /**
   * For `vmDevices` of the restored VM. What nobody reserves again there stays until that VM's end. Throws
   * failed-precondition where there is anything but disks and shared memory.
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

export type DeviceUvm = ScsiManager &
  Plan9Manager &
  VpmemManager &
  VsmbManager &
  PciManager &
  PipeManager &
  Pick<UtilityVM, "sockets" | "stack" | "os">;
export type DeviceGuest = GuestScsi &
  GuestDirectories &
  GuestUnixSockets &
  GuestVpmem &
  Partial<VpciGuest> &
  Pick<Guest, "createProcess"> & {
    /** Of a Windows guest: its disks. */
    readonly windows?: GuestWindowsDisks;
  };

/** What is asked of this host about files, where it is not the usual. */
export interface DeviceHost {
  readonly vpmem?: VpmemFiles;
  readonly vsmb?: VsmbFiles;
  readonly newGuid?: () => string;
}

export function vmDevices(
  vm: { readonly uvm: DeviceUvm; readonly guest: DeviceGuest },
  limits: DeviceLimits = deviceLimits,
  saved?: SavedDevices,
  host: DeviceHost = {},
): VmDevices {
  const { uvm, guest } = vm;
  let last = saved?.mounts ?? 0;
  // hcsshim's names for what is mounted in the guest beside the containers' own directories.
  const directory = uvm.os === "windows" ? "C:\\mounts\\" : "/run/mounts/";
  const nextMountPath = (): string => `${directory}m${last++}`;
  const ports = { ...vm, nextMountPath, limits };
  const disks = guest.windows === undefined ? guest : windowsGuestScsi(guest.windows);
  const scsi = new ScsiController({ ...ports, guest: disks }, saved?.scsi);
  const plan9 = new Plan9Controller(ports);
  const shm = new ShmController({ guest, nextMountPath, limits }, saved?.shm);
  const sockets = new SocketController(ports);
  const vpmem = new VpmemController({ ...ports, ...(host.vpmem && { files: host.vpmem }) });
  const vsmb = new VsmbController({ uvm, limits, ...(host.vsmb && { files: host.vsmb }) });
  const vpci = new VpciController({
    ...{ uvm, limits, ...(findsByGuid(uvm, guest) && { guest }) },
    ...(host.newGuid && { newGuid: host.newGuid }),
  });
  const pipes = new PipeController({ uvm, limits });
  const unsaved = [
    { held: () => plan9.held, what: "directory shares", mend: "use disks, e.g. a block-device snapshotter" },
    { held: () => sockets.held, what: "sockets of this host", mend: "their connections are here" },
    { held: () => vpmem.held, what: "layers in persistent memory", mend: "use disks" },
    { held: () => vsmb.held + vsmb.idle, what: "VSMB shares", mend: "they are of this host" },
    { held: () => vpci.held, what: "devices of this host", mend: "they stay here" },
    { held: () => pipes.held, what: "pipes of this host", mend: "their connections are here" },
  ];
  return {
    ...{ scsi, plan9, shm, sockets, vpmem, vsmb, vpci, pipes },
    save() {
      for (const { held, what, mend } of unsaved) {
        if (held() > 0) throw failedPrecondition(`the vm has ${held()} ${what}; cannot save it: ${mend}`);
      }
      return { mounts: last, scsi: scsi.save(), shm: shm.save() };
    },
  };
}

/** Only HCS gives an assigned device a GUID that a Linux guest can wait for. */
function findsByGuid({ stack, os }: DeviceUvm, guest: DeviceGuest): guest is DeviceGuest & VpciGuest {
  return stack === "hcs" && os === "linux" && guest.addVpciDevice !== undefined;
}
