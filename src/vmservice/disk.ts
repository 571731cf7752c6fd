import { extname } from "node:path";
import { DiskType, type SCSIDisk } from "../generated/vmservice.ts";
import type { ScsiDisk } from "../vmmanager/scsi.ts";
import { absolute } from "./host-path.ts";
import { notDone } from "./refusals.ts";

/** Formats that are more than their disk's bytes. OpenVMM too goes by the extension and not by the type. */
const CONTAINER_FORMATS = [".vhd", ".vhdx", ".vmgs"];

/** `field`: what it is called in errors. Throws unimplemented for a disk that is not raw. */
export function scsiDisk({ controller, lun, hostPath, type, readOnly }: SCSIDisk, field: string): ScsiDisk {
  checkRaw(hostPath, type, field);
  absolute(hostPath, field);
  return { controller, lun, hostPath, readOnly: readOnly || extname(hostPath).toLowerCase() === ".iso" };
}

/** A VHD1 is what nothing said means: taken for raw, unless its path says that it is one. */
export function checkRaw(hostPath: string, type: DiskType, field: string): void {
  const extension = extname(hostPath).toLowerCase();
  if (CONTAINER_FORMATS.includes(extension) || type === DiskType.SCSI_DISK_TYPE_VHDX) {
    throw notDone(`${field} ${JSON.stringify(hostPath)} as a VHD or VHDX`, "disks are raw: qemu-img convert -O raw");
  }
}
