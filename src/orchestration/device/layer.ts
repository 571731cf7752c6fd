import { isKind } from "../../errors/shim-error.ts";
import type { VmDevices } from "./devices.ts";
import type { Mapping } from "./mapping.ts";

/**
 * A read-only layer (a VHD) of a Linux container, where hcsshim puts it: in persistent memory, or as a disk where the VM
 * has no such device free or the layer is larger than one.
 */
export function reserveLayer(devices: Pick<VmDevices, "scsi" | "vpmem">, hostPath: string): Mapping {
  try {
    return devices.vpmem.reserve({ hostPath });
  } catch (cause) {
    if (!isKind(cause, "resource-exhausted") && !isKind(cause, "out-of-range")) throw cause;
    return devices.scsi.reserve({ hostPath, readOnly: true, fileSystem: "" });
  }
}
