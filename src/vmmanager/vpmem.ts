import type { CallOptions } from "./lifetime.ts";

export interface VpmemDevice {
  readonly deviceNumber: number;
  /** A raw image; its size is a multiple of 2 MiB or is rounded up by the stack. */
  readonly hostPath: string;
  readonly readOnly: boolean;
  /** HCS alone. Default: Vhd1. */
  readonly imageFormat?: VpmemImageFormat;
}

export type VpmemImageFormat = "Vhd1" | "Vhdx" | "Default";

/** An image among others on one device. */
export interface VpmemMapping extends VpmemDevice {
  /** Bytes from the device's begin. */
  readonly offset: bigint;
}

/** What the VM's document gives it of persistent memory. */
export interface VpmemLimits {
  /** 1 to 128. */
  readonly devices: number;
  /** Of one device. */
  readonly deviceBytes: bigint;
  /** Several images are packed onto one device. */
  readonly multiMapping: boolean;
  /** Taken by the document: device 0 of a VM that boots from a VHD on it. */
  readonly reserved?: readonly number[];
}

/** Images that the guest sees as persistent memory (/dev/pmemN). */
export interface VpmemManager {
  /** Undefined: the VM has none. */
  readonly vpmemLimits?: VpmemLimits;
  addVpmemDevice(device: VpmemDevice, options?: CallOptions): Promise<void>;
  /** Unimplemented where `supported("vpmem", "remove")` is false. */
  removeVpmemDevice(deviceNumber: number, options?: CallOptions): Promise<void>;
  /** Where `supported("vpmem", "update")`: an image packed onto a device that the document made for several. */
  addVpmemMapping(mapping: VpmemMapping, options?: CallOptions): Promise<void>;
  removeVpmemMapping(mapping: Pick<VpmemMapping, "deviceNumber" | "offset">, options?: CallOptions): Promise<void>;
}
