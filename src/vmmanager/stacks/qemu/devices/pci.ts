import { accessSync, existsSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import {
  alreadyExists,
  failedPrecondition,
  invalidArgument,
  notFound,
  unimplemented,
} from "../../../../errors/shim-error.ts";
import type { CallOptions } from "../../../lifetime.ts";
import type { PciDevice, PciManager } from "../../../pci.ts";
import { notSupported } from "../../../support.ts";
import { removeDevice } from "../qmp/device-removal.ts";
import { bounded, type DeviceContext, plug, remove } from "./context.ts";
import { freeSlot } from "./hardware.ts";
import { pciDevice, pciId } from "./qmp-arguments.ts";

/** Devices of the host, given away whole through VFIO. */
export class PciDevices implements PciManager {
  readonly #context: DeviceContext;

  constructor(context: DeviceContext) {
    this.#context = context;
  }

  async addPciDevice({ id, address, virtualFunction = 0 }: PciDevice, options?: CallOptions): Promise<void> {
    if (!hasVfio()) throw notSupported("qemu", "pci", "add");
    const call = bounded(options);
    const { hardware, monitor } = this.#context;
    if (hardware.pci.some((other) => other.id === id || other.address === address)) {
      throw alreadyExists(`PCI device ${id} (${address}) is in the VM; cannot add it: remove it first`);
    }
    if (virtualFunction !== 0) {
      throw unimplemented(`PCI device ${id} is virtual function ${virtualFunction}; name it by its own address`);
    }
    checkVfio(address);
    const device = { id, address, slot: freeSlot(hardware) };
    await plug(this.#context, hardware.pci, device, `PCI device ${id}`, async (done) => {
      done((undo) => removeDevice(monitor.qmp, pciId(id), undo));
      await monitor.qmp.execute("device_add", pciDevice(device), call);
    });
  }

  async removePciDevice(id: string, options?: CallOptions): Promise<void> {
    if (!hasVfio()) throw notSupported("qemu", "pci", "remove");
    const call = bounded(options);
    const { hardware, monitor } = this.#context;
    const device = hardware.pci.find((other) => other.id === id);
    if (device === undefined) throw notFound(`PCI device ${id} is not in the VM; cannot remove it`);
    await removeDevice(monitor.qmp, pciId(id), call);
    remove(hardware.pci, device);
  }
}

/** Whether this host can give devices away at all. */
export function hasVfio(dev = "/dev"): boolean {
  return existsSync(join(dev, "vfio/vfio"));
}

/** Throws what stands in the way of giving the device away, with how to mend it. */
export function checkVfio(address: string, { sys = "/sys", dev = "/dev" } = {}): void {
  if (!/^[0-9a-f]{4}:[0-9a-f]{2}:[0-1][0-9a-f]\.[0-7]$/.test(address)) {
    throw invalidArgument(`PCI address ${JSON.stringify(address)} is not like 0000:03:00.0; cannot add it to a VM`);
  }
  const device = join(sys, "bus/pci/devices", address);
  if (!existsSync(device)) throw notFound(`PCI device ${address} does not exist on this host; cannot add it to a VM`);
  const refused = (state: string, mend: string): Error => {
    return failedPrecondition(`PCI device ${address} ${state}; cannot add it to a VM: ${mend}`);
  };
  const driver = linkName(join(device, "driver"));
  if (driver !== "vfio-pci") {
    throw refused(
      driver === undefined ? "has no driver" : `is bound to ${driver}`,
      `write vfio-pci to ${device}/driver_override, ${driver === undefined ? "" : `${address} to ${device}/driver/unbind, then `}${address} to ${sys}/bus/pci/drivers_probe`,
    );
  }
  const group = linkName(join(device, "iommu_group"));
  if (group === undefined)
    throw refused("is in no IOMMU group", "turn the IOMMU on (firmware, intel_iommu=on or amd_iommu=on)");
  const path = join(dev, "vfio", group);
  try {
    accessSync(path);
  } catch {
    throw refused(`has no ${path}`, "load the module vfio-pci, and bind all devices of its IOMMU group to it");
  }
}

function linkName(path: string): string | undefined {
  try {
    return basename(readlinkSync(path));
  } catch {
    return undefined;
  }
}
