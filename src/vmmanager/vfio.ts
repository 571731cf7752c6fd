import { accessSync, existsSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { failedPrecondition, invalidArgument, notFound } from "../errors/shim-error.ts";

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
