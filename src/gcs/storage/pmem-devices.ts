import { join } from "node:path";
import { notFound } from "../../errors/shim-error.ts";
import { appears, type Wait } from "../appears.ts";
import { opens } from "./opens.ts";
import type { PmemResolver, RunProgram } from "./ports.ts";

/** Nobody asks for them by name, and there is no udev to ask for what drives a device. nfit the first process has loaded. */
const MODULES = ["virtio_pmem", "nd_pmem"];

/** /dev/pmemN: the kernel counts them in the order in which the host has plugged them in. */
export function pmemDevices(run: RunProgram, { dev = "/dev", ...wait }: PmemDevicesOptions = {}): PmemResolver {
  let loaded: Promise<void> | undefined;
  return {
    async find(deviceNumber) {
      const device = join(dev, `pmem${deviceNumber}`);
      if (opens(device)) return device;
      loaded ??= run(["modprobe", "-a", ...MODULES]).catch((error: unknown) => {
        loaded = undefined;
        throw error;
      });
      await loaded;
      if ((await appears(() => opens(device) || undefined, wait)) === undefined) {
        throw notFound(`no persistent memory has appeared as ${device} in this guest; cannot mount it`);
      }
      return device;
    },
  };
}

export interface PmemDevicesOptions extends Pick<Wait, "withinMs"> {
  readonly dev?: string;
}
