import { alreadyExists, notFound, unimplemented } from "../../../../errors/shim-error.ts";
import type { CallOptions } from "../../../lifetime.ts";
import type { PciDevice, PciManager } from "../../../pci.ts";
import { notSupported } from "../../../support.ts";
import { checkVfio, hasVfio } from "../../../vfio.ts";
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
