import { bounded } from "../../deadline.ts";
import { KeyedDevices } from "../keyed-devices.ts";
import type { Mapping } from "../mapping.ts";
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
    const { uvm, guest, limits, newGuid = () => crypto.randomUUID() } = this.#ports;
    const what = `device ${address}${virtualFunction === 0 ? "" : `, virtual function ${virtualFunction}`}`;
    return this.#devices.reserve(JSON.stringify([address.toLowerCase(), virtualFunction]), (before) => {
      const id = newGuid();
      const settings = { id, address, virtualFunction, propagateNumaAffinity: true };
      return {
        ...{ what, guestPath: id },
        steps: {
          async map() {
            // It cannot be in the VM twice.
            await before();
            await bounded(limits.host, `assigning ${what}`, (o) => uvm.addPciDevice(settings, o));
            if (guest === undefined) return;
            const arrival = `arrival of ${what} in the guest`;
            await bounded(limits.guest, arrival, (o) => guest.addVpciDevice({ vmBusGuid: id }, o));
          },
          // The guest's kernel learns of it from the bus alone.
          unmap: () => bounded(limits.host, `removing ${what}`, (o) => uvm.removePciDevice(id, o)),
        },
      };
    });
  }
}
