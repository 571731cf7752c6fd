import type { PciDevice } from "../../../vmmanager/pci.ts";
import { bounded } from "../../deadline.ts";
import { KeyedDevices } from "../keyed-devices.ts";
import type { Mapping } from "../mapping.ts";
import type { DeviceSteps } from "../ports.ts";
import type { VpciPorts, VpciRequest } from "./ports.ts";

/** VMBus's type of every assigned device. */
const ASSIGNED = "{44c4f61d-4444-4400-9d52-802e27ede19f}";

/** A Windows guest's instance id of an assigned device's node. */
export function vmBusInstanceId(vmBusGuid: string): string {
  return `VMBUS\\${ASSIGNED}\\{${vmBusGuid}}`;
}

/**
 * Devices of the host in one VM, by device and virtual function: given once for all containers that ask for it, and taken
 * back with the last. A mapping's `guestPath` is the VMBus GUID by which the guest finds it.
 */
export class VpciController {
  readonly #ports: VpciPorts;
  readonly #devices = new KeyedDevices();

  constructor(ports: VpciPorts) {
    this.#ports = ports;
  }

  get held(): number {
    return this.#devices.held;
  }

  /** Bookkeeping only. */
  reserve({ address, virtualFunction = 0 }: VpciRequest): Mapping {
    const { uvm, newGuid = () => crypto.randomUUID() } = this.#ports;
    const what = `device ${address}${virtualFunction === 0 ? "" : `, virtual function ${virtualFunction}`}`;
    const key = keyOf({ address, virtualFunction });
    return this.#devices.reserve(key, (before) => {
      const made = uvm.pciDevices?.find((device) => keyOf(device) === key);
      if (made !== undefined) return { what, guestPath: made.id, steps: this.#stepsOfMade(made.id, what) };
      const device = { id: newGuid(), address, virtualFunction, propagateNumaAffinity: true };
      return { what, guestPath: device.id, steps: this.#steps(device, what, before) };
    });
  }

  #steps(device: PciDevice, what: string, before: () => Promise<void>): DeviceSteps {
    const { uvm, limits } = this.#ports;
    return {
      map: async () => {
        // It cannot be in the VM twice.
        await before();
        await bounded(limits.host, `assigning ${what}`, (o) => uvm.addPciDevice(device, o));
        await this.#arrival(device.id, what);
      },
      // The guest's kernel learns of it from the bus alone.
      unmap: () => bounded(limits.host, `removing ${what}`, (o) => uvm.removePciDevice(device.id, o)),
    };
  }

  /** One that the VM was made with: it stays. */
  #stepsOfMade(id: string, what: string): DeviceSteps {
    return { map: () => this.#arrival(id, what), unmap: async () => {} };
  }

  async #arrival(vmBusGuid: string, what: string): Promise<void> {
    const { guest, limits } = this.#ports;
    if (guest === undefined) return;
    await bounded(limits.guest, `arrival of ${what} in the guest`, (o) => guest.addVpciDevice({ vmBusGuid }, o));
  }
}

function keyOf({ address, virtualFunction = 0 }: VpciRequest): string {
  return JSON.stringify([address.toLowerCase(), virtualFunction]);
}
