import type { CallOptions } from "./lifetime.ts";

export interface PciDevice {
  /** With HCS the VMBus GUID by which the guest finds it. */
  readonly id: string;
  /** Of the host, bound to vfio-pci: "0000:03:00.0". With HCS a device instance path. */
  readonly address: string;
  /** Of a device that is cut into several (SR-IOV). Default: 0. */
  readonly virtualFunction?: number;
  readonly propagateNumaAffinity?: boolean;
}

/** Devices of the host given to the UVM whole. */
export interface PciManager {
  /** Those that the VM was made with, for its life. Undefined: none. */
  readonly pciDevices?: readonly PciDevice[];
  addPciDevice(device: PciDevice, options?: CallOptions): Promise<void>;
  removePciDevice(id: string, options?: CallOptions): Promise<void>;
}
