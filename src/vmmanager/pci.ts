import type { CallOptions } from "./lifetime.ts";

export interface PciDevice {
  readonly id: string;
  /** Of the host, bound to vfio-pci: "0000:03:00.0". */
  readonly address: string;
}

/** Devices of the host given to the UVM whole. */
export interface PciManager {
  addPciDevice(device: PciDevice, options?: CallOptions): Promise<void>;
  removePciDevice(id: string, options?: CallOptions): Promise<void>;
}
