import { isKind } from "../../errors/shim-error.ts";
import type { VmDevices } from "./devices.ts";
import type { Mapping } from "./mapping.ts";

/** A read-only layer of a Linux container: a VHD, or a partition of one. */
export interface LayerRequest {
  readonly hostPath: string;
  /** 0 or none: the whole of it. */
  readonly partition?: number;
}

/**
 * Where hcsshim puts it: in persistent memory, or as a disk where the VM has no such device free, the layer is larger than
 * one, or a partition is meant; and where it is a disk already.
 */
export function reserveLayer(
  { scsi, vpmem }: Pick<VmDevices, "scsi" | "vpmem">,
  { hostPath, partition = 0 }: LayerRequest,
): Mapping {
  const disk = { hostPath, readOnly: true, fileSystem: "", options: ["ro"], ...(partition > 0 && { partition }) };
  if (partition > 0 || scsi.holds(disk)) return scsi.reserve(disk);
  try {
    return vpmem.reserve({ hostPath });
  } catch (cause) {
    if (!isKind(cause, "resource-exhausted") && !isKind(cause, "out-of-range")) throw cause;
    return scsi.reserve(disk);
  }
}
