import type { BridgeTap } from "../../guestmanager/bridge/tap.ts";
import type { PodGuest } from "../../guestmanager/create-guest.ts";
import type { UvmStatistics } from "../../vmmanager/properties.ts";
import type { UvmSizing } from "../../vmmanager/sizing.ts";
import type { Stack, UtilityVM } from "../../vmmanager/uvm.ts";
import type { Diagnostics } from "../diagnostics/ports.ts";
import type { ProcessIoPorts } from "../process/ports.ts";
import type { RpcOptions } from "../tasks.ts";
import { type VmLimits, vmLimits } from "../vm/ports.ts";

export const DEVICE_KINDS = ["disk", "share", "nic", "vpmem"] as const;
export type DeviceKind = (typeof DEVICE_KINDS)[number];

/** What is to be in the VM, or is. */
export interface UvmDevice {
  readonly kind: DeviceKind;
  /** An absolute path of this host; of a NIC "tap:NAME" or "unix:PATH". */
  readonly source: string;
  /** Its path in the guest, of a NIC its MAC address. Wanted: empty for one that is chosen. */
  readonly guest: string;
  readonly readOnly: boolean;
  /** A disk that is not mounted: the guest path is a link to its device. */
  readonly bare: boolean;
}

export interface UvmStatus {
  /** The VM's, in the words of its state table; or "booting" and the like. */
  readonly state: string;
  readonly stack: string;
  /** Of the VM's own process. */
  readonly pid?: number;
  readonly upSince?: Date;
  /** As it is now; undefined where nobody has said it. */
  readonly sizing?: UvmSizing;
  readonly devices: readonly UvmDevice[];
}

export interface UvmTold extends UvmStatistics {
  readonly details: Readonly<Record<string, string>>;
}

/**
 * What the service of one VM asks of the layer below. Each throws failed-precondition in a state that does not permit it,
 * and unimplemented for what the stack can't.
 */
export interface DrivenUvm {
  /** With its devices, or not at all. An abort ends it. */
  boot(devices: readonly UvmDevice[], options: RpcOptions): Promise<void>;
  /** What `save` wrote goes on here. Throws not-found, data-loss, and failed-precondition where its disks were changed since. */
  restore(directory: string, options: RpcOptions): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Into a directory that is new or empty; it stays paused. failed-precondition with what no save can carry. */
  save(directory: string): Promise<void>;
  /** Throws already-exists for what is there. */
  add(device: UvmDevice): Promise<UvmDevice>;
  /** By its source, or by where it is in the guest. Throws not-found. */
  remove(kind: DeviceKind, what: string): Promise<void>;
  /** By that many MiB, more or less. Throws out-of-range. */
  resizeMemory(byMib: number): Promise<void>;
  status(): Promise<UvmStatus>;
  statistics(options: RpcOptions): Promise<UvmTold>;
  /** Bounded. `now`: without asking the guest to write back its file systems. Idempotent. */
  stop(options: { readonly now: boolean }): Promise<void>;
  readonly diagnostics: Diagnostics;
}

export interface UvmPorts {
  readonly stack: Stack;
  /** As VmPorts.createGuest, with who may listen in on its bridge. */
  createGuest(uvm: UtilityVM, tap: BridgeTap): PodGuest;
  readonly io: ProcessIoPorts;
  readonly files: UvmFiles;
  warn(message: string, cause?: unknown): void;
}

/** What is asked of this host about files. */
export interface UvmFiles {
  /** The file system on a disk, by the name that mount(2) knows; undefined where there is none. Throws not-found. */
  fileSystemOf(path: string): Promise<string | undefined>;
  /** What changes when somebody writes to it. Throws not-found. */
  fingerprint(path: string): Promise<string>;
  /** A tap of that name, as an fd. */
  openTap(name: string): number;
}

export interface UvmLimits {
  readonly vm: VmLimits;
  /** One call of the host or the guest for statistics or an adapter (ms). */
  readonly query: number;
}

/** Who stops a VM by hand waits for its guest longer than containerd does. */
export const uvmLimits: UvmLimits = { vm: { ...vmLimits, shutdown: 5_000 }, query: 10_000 };
