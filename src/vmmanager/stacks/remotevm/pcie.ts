import { ShimError } from "../../../errors/shim-error.ts";
import type { PcieDeviceKind, PciePort, PcieRootComplex } from "../../../generated/vmservice.ts";

/** Ports 1 to 7 hold what the VM boots with, 8 to 31 take what is added while it runs (as kata-containers has them). */
const FIRST_COLD = 1;
const FIRST_HOT = 8;
/** As many as machines of 32 slots, two of them the chipset's, have room for beside the rest. */
export const HOT_PORTS = 12;
const LOW_MMIO = 64n << 20n;
/** For the devices of this host that are given away whole. */
const HIGH_MMIO = 64n << 30n;

/** The VM's one root complex: the boot devices on its first ports, in order, and the ports for later, empty. */
export function rootComplex(boot: readonly PcieDeviceKind[]): PcieRootComplex {
  const ports: PciePort[] = boot.map((device, i) => ({
    name: portName(FIRST_COLD + i),
    hotplug: false,
    attached: { device },
  }));
  if (ports.length >= FIRST_HOT - FIRST_COLD) throw new ShimError("internal", `${ports.length} devices at boot`);
  for (let i = 0; i < HOT_PORTS; i++) ports.push({ name: portName(FIRST_HOT + i), hotplug: true });
  return {
    ...{ name: "rc0", segment: 0, startBus: 0, endBus: 255, lowMmio: LOW_MMIO, highMmio: HIGH_MMIO },
    ...{ preserveBars: false, rootPorts: ports },
  };
}

/** The ports for devices that come and go, and who has which. */
export class PortPool {
  readonly #holders = new Map<string, string>();

  /** The lowest that is free. Throws resource-exhausted. */
  take(holder: string): string {
    for (let i = 0; i < HOT_PORTS; i++) {
      const port = portName(FIRST_HOT + i);
      if (this.#holders.has(port)) continue;
      this.#holders.set(port, holder);
      return port;
    }
    throw new ShimError(
      "resource-exhausted",
      `all ${HOT_PORTS} hot-pluggable ports of the VM are taken; cannot add ${holder}: remove a device`,
    );
  }

  portOf(holder: string): string | undefined {
    return [...this.#holders].find(([, each]) => each === holder)?.[0];
  }

  give(port: string): void {
    this.#holders.delete(port);
  }
}

function portName(number: number): string {
  return `port${number}`;
}
