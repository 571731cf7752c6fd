import { ShimError } from "../../../../errors/shim-error.ts";
import type { ScsiDisk } from "../../../scsi.ts";

/**
 * The slots of the one PCI bus (machine "pc": 32, all hot-pluggable). What has a slot of its own is found there by the
 * guest (SCSI controllers) or after a restore; the rest share FIRST_FREE and up. Slots 0 and 1 are the chipset's, 2 is
 * where a firmware looks for a VGA.
 */
export const PCI_SLOT = {
  /** Where there is one; no VGA is. */
  vsock: 0x2,
  serial: 0x3,
  /** Of SCSI controller 0, there from boot; controller N is at scsi + N. */
  scsi: 0x4,
  root: 0x8,
  shares: 0x9,
  balloon: 0xa,
  memory: 0xb,
} as const;
export const FIRST_FREE = 0xc;
export const LAST_SLOT = 0x1f;

/** As HCS has them. */
export const SCSI_LIMITS = { controllers: 4, luns: 64 } as const;
/** Places for NVDIMMs (`-m slots=`). vhost-user back ends take few more regions than these. */
export const MEMORY_SLOTS = 8;
/** Address space for NVDIMMs above what memory may grow to; it costs nothing until it is used. */
export const VPMEM_ROOM_MIB = 64 * 1024;

export const MIB = 1024 * 1024;

/** An adapter's wire, without what only this process knows (a tap's fd). */
export type AdapterBackend =
  | { readonly kind: "tap" }
  | { readonly kind: "unix-stream"; readonly path: string }
  | { readonly kind: "unix-datagram"; readonly localPath: string; readonly remotePath: string };

export interface PluggedAdapter {
  readonly id: string;
  readonly macAddress: string;
  readonly slot: number;
  readonly backend: AdapterBackend;
}

export interface PluggedVpmem {
  readonly deviceNumber: number;
  readonly hostPath: string;
  readonly bytes: number;
}

export interface PluggedPci {
  readonly id: string;
  readonly address: string;
  readonly slot: number;
}

/** Memory that can be plugged in and out in blocks, beside what the VM booted with (virtio-mem). */
export interface ElasticMemory {
  readonly sizeMiB: number;
  readonly requestedMiB: number;
  /** Guest-physical, where QEMU has put it. */
  readonly address: number;
}

/** A processor that was plugged in, as query-hotpluggable-cpus names its place. */
export interface PluggedProcessor {
  readonly type: string;
  readonly socketId?: number;
  readonly coreId?: number;
  readonly threadId?: number;
  readonly nodeId?: number;
}

/**
 * What is plugged into a VM beyond its boot devices: plain JSON, so that it can be written beside a saved state. An entry
 * is here from before it is added until after it is gone.
 */
export interface Hardware {
  /** SCSI controllers beside 0. */
  readonly controllers: number[];
  readonly disks: ScsiDisk[];
  readonly adapters: PluggedAdapter[];
  readonly vpmem: PluggedVpmem[];
  readonly pci: PluggedPci[];
  readonly processors: PluggedProcessor[];
  memory: ElasticMemory | undefined;
  balloon: boolean;
  /** The device that carries the directory shares. */
  shares: boolean;
}

export function noHardware(): Hardware {
  return {
    ...{ controllers: [], disks: [], adapters: [], vpmem: [], pci: [], processors: [] },
    ...{ memory: undefined, balloon: false, shares: false },
  };
}

/** The lowest free slot. Throws resource-exhausted. */
export function freeSlot(hardware: Hardware): number {
  const taken = new Set([...hardware.adapters, ...hardware.pci].map(({ slot }) => slot));
  for (let slot = FIRST_FREE; slot <= LAST_SLOT; slot++) if (!taken.has(slot)) return slot;
  throw new ShimError(
    "resource-exhausted",
    `all ${LAST_SLOT - FIRST_FREE + 1} slots of the VM's PCI bus are taken; cannot add a device: remove one`,
  );
}

/** Why this VM can't be saved now, with how to mend it; undefined where it can. */
export function unsaveable(hardware: Hardware): string | undefined {
  if (hardware.shares) {
    return "it has directory shares (virtio-fs), whose state is in another process: use disks, e.g. a block-device snapshotter";
  }
  if (hardware.vpmem.length > 0)
    return "it has VPMem devices, which can't be loaded again: attach images as SCSI disks";
  if (hardware.pci.length > 0) return "it has devices of the host: remove them";
  return undefined;
}
