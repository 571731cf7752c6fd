import { closeSync, constants, existsSync, fsyncSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failedPrecondition, notFound } from "../../errors/shim-error.ts";
import { errorCode } from "../../sys/sys-error.ts";
import { appears, type Wait } from "../appears.ts";
import { missingFile } from "../runtime/missing-file.ts";
import { opens } from "./opens.ts";
import type { DiskAddress, DiskResolver } from "./ports.ts";

const PCI_DEVICES = "/sys/bus/pci/devices";
/**
 * The PCI slot of controller 0; the others follow. By slot and not by order: the host plugs a controller in when its
 * first disk comes, controller 2 perhaps before controller 1 (docs/uvm-image.md).
 */
const FIRST_SLOT = 4;

/** Disks on virtio-scsi controllers, by sysfs. `devices`: where the kernel lists the PCI functions. */
export function scsiDisks({ devices = PCI_DEVICES, dev = "/dev", ...wait }: ScsiDisksOptions = {}): DiskResolver {
  const device = (address: DiskAddress): string | undefined => {
    const scsi = scsiDevice(devices, address);
    const [name] = scsi === undefined ? [] : entries(join(scsi, "block"), "");
    return name !== undefined && existsSync(join(dev, name)) ? join(dev, name) : undefined;
  };
  return {
    async find(address) {
      const usable = (): string | undefined => {
        const path = device(address);
        return path !== undefined && opens(path) ? path : undefined;
      };
      const found = await appears(usable, wait);
      if (found === undefined) {
        const { controller, lun } = address;
        throw notFound(`no disk has appeared at controller ${controller}, LUN ${lun} of this guest; cannot find it`);
      }
      return found;
    },
    async release(address) {
      const scsi = scsiDevice(devices, address);
      if (scsi === undefined) return;
      flush(device(address), address);
      try {
        writeFileSync(join(scsi, "delete"), "1");
      } catch (error) {
        if (!missingFile(error)) throw error;
      }
    },
  };
}

export interface ScsiDisksOptions extends Wait {
  readonly devices?: string;
  readonly dev?: string;
}

/** Its folder in sysfs: PCI function / virtio device / SCSI host / target / H:0:0:LUN. */
function scsiDevice(devices: string, { controller, lun }: DiskAddress): string | undefined {
  const slot = (FIRST_SLOT + controller).toString(16).padStart(2, "0");
  let found = [join(devices, `0000:00:${slot}.0`)];
  for (const prefix of ["virtio", "host", "target"]) {
    found = found.flatMap((path) => entries(path, prefix).map((name) => join(path, name)));
  }
  return found
    .flatMap((target) => entries(target, "").map((name) => join(target, name)))
    .find((path) => /\/\d+:0:0:\d+$/.test(path) && path.endsWith(`:${lun}`));
}

function entries(path: string, prefix: string): string[] {
  try {
    return readdirSync(path).filter((name) => name.startsWith(prefix));
  } catch (error) {
    if (missingFile(error)) return [];
    throw error;
  }
}

/** O_EXCL on a block device is refused while it is mounted: the kernel would take it away from under the mount. */
function flush(device: string | undefined, { controller, lun }: DiskAddress): void {
  if (device === undefined) return;
  try {
    const fd = openSync(device, constants.O_RDONLY | constants.O_EXCL);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (missingFile(error)) return;
    if (errorCode(error) !== "EBUSY") throw error;
    throw failedPrecondition(
      `disk at controller ${controller}, LUN ${lun} (${device}) is in use; cannot let go of it: unmount it first`,
    );
  }
}
