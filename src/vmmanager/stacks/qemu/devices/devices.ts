import type { CallOptions } from "../../../lifetime.ts";
import type { NetworkAdapter } from "../../../network.ts";
import type { PciDevice } from "../../../pci.ts";
import type { Plan9Share } from "../../../plan9.ts";
import type { ScsiDisk, ScsiLocation } from "../../../scsi.ts";
import type { Operation, Resource } from "../../../support.ts";
import { UnsupportedDevices } from "../../../unsupported.ts";
import { hasVfio } from "../../../vfio.ts";
import type { VpmemDevice } from "../../../vpmem.ts";
import type { QemuMonitor } from "../monitor.ts";
import type { DeviceContext, DeviceSettings } from "./context.ts";
import { type Hardware, noHardware, SCSI_LIMITS } from "./hardware.ts";
import { Memory } from "./memory.ts";
import { NetworkAdapters } from "./network.ts";
import { PciDevices } from "./pci.ts";
import { Plan9Shares } from "./plan9.ts";
import { Processors } from "./processors.ts";
import { ScsiDisks } from "./scsi.ts";
import { VPMEM_LIMITS, VpmemDevices } from "./vpmem.ts";

export interface QemuDevicesOptions extends DeviceSettings {
  /** What QEMU was started with: of a restored VM. */
  readonly hardware?: Hardware;
}

/** Everything that is added to a QEMU VM while it runs. */
export class QemuDevices extends UnsupportedDevices {
  readonly stack = "qemu";
  override readonly scsiLimits = SCSI_LIMITS;
  readonly vpmemLimits = VPMEM_LIMITS;
  /** As it is now; to be written beside a saved state. */
  readonly hardware: Hardware;
  readonly #scsi: ScsiDisks;
  readonly #vpmem: VpmemDevices;
  readonly #network: NetworkAdapters;
  readonly #pci: PciDevices;
  readonly #plan9: Plan9Shares;
  readonly #memory: Memory;
  readonly #processors: Processors;

  constructor(monitor: QemuMonitor, options: QemuDevicesOptions) {
    super();
    this.hardware = options.hardware ?? noHardware();
    const context: DeviceContext = { ...options, monitor, hardware: this.hardware };
    this.#scsi = new ScsiDisks(context);
    this.#vpmem = new VpmemDevices(context);
    this.#network = new NetworkAdapters(context);
    this.#pci = new PciDevices(context);
    this.#plan9 = new Plan9Shares(context);
    this.#memory = new Memory(context);
    this.#processors = new Processors(context);
  }

  override addScsiDisk(disk: ScsiDisk, options?: CallOptions): Promise<void> {
    return this.#scsi.addScsiDisk(disk, options);
  }
  override removeScsiDisk(location: ScsiLocation, options?: CallOptions): Promise<void> {
    return this.#scsi.removeScsiDisk(location, options);
  }
  override addVpmemDevice(device: VpmemDevice, options?: CallOptions): Promise<void> {
    return this.#vpmem.addVpmemDevice(device, options);
  }
  override removeVpmemDevice(deviceNumber: number, options?: CallOptions): Promise<void> {
    return this.#vpmem.removeVpmemDevice(deviceNumber, options);
  }
  override addNetworkAdapter(adapter: NetworkAdapter, options?: CallOptions): Promise<void> {
    return this.#network.addNetworkAdapter(adapter, options);
  }
  override removeNetworkAdapter(id: string, options?: CallOptions): Promise<void> {
    return this.#network.removeNetworkAdapter(id, options);
  }
  override addPciDevice(device: PciDevice, options?: CallOptions): Promise<void> {
    return this.#pci.addPciDevice(device, options);
  }
  override removePciDevice(id: string, options?: CallOptions): Promise<void> {
    return this.#pci.removePciDevice(id, options);
  }
  override addPlan9Share(share: Plan9Share, options?: CallOptions): Promise<void> {
    return this.#plan9.addPlan9Share(share, options);
  }
  override removePlan9Share(name: string, options?: CallOptions): Promise<void> {
    return this.#plan9.removePlan9Share(name, options);
  }
  override updateMemory(memoryMiB: number, options?: CallOptions): Promise<void> {
    return this.#memory.updateMemory(memoryMiB, options);
  }
  override updateProcessors(count: number, options?: CallOptions): Promise<void> {
    return this.#processors.updateProcessors(count, options);
  }

  /** Before the guest runs: it boots with the device that carries its shares. Measured: 0.5 s of an emulated VM's time less. */
  prepareShares(options?: CallOptions): Promise<void> {
    return this.#plan9.prepare(options);
  }

  /** Attaches the disks of a saved VM to the QEMU that was started with the rest (`deviceArguments`), before its state is loaded. */
  restoreDisks(options?: CallOptions): Promise<void> {
    return this.#scsi.restoreDisks(options);
  }

  /** Once QEMU is gone: ends virtiofsd and gives back every mount. Idempotent. */
  close(): Promise<void> {
    return this.#plan9.close();
  }
}

/** The resources of a running VM that QEMU can change. */
export function devicesSupported(resource: Resource, operation: Operation): boolean {
  switch (resource) {
    case "scsi":
    case "network":
    case "plan9":
      return operation === "add" || operation === "remove";
    case "vpmem":
      return operation === "add";
    case "pci":
      return (operation === "add" || operation === "remove") && hasVfio();
    case "memory":
    case "processor":
      return operation === "update";
    default:
      return false;
  }
}
