import type { InitOf } from "../../../../prot/json-codec.ts";
import type { attachment, scsi } from "../schema/storage.ts";

/** UUIDv5 of the names "0" to "3" in the namespace d422512d-2bf2-4752-809d-7b82b5fcb1b4: the guest finds a controller by it. */
export const SCSI_CONTROLLERS = [
  "df6d0690-79e5-55b6-a5ec-c1e2f77f580a",
  "0110f83b-de10-5172-a266-78bca56bf50a",
  "b5d2d8d4-3a75-51bf-945b-3444dc6b8579",
  "305891a9-b251-5dfe-91a2-c25d9212275b",
] as const;

/** The first `count` controllers; the disks hang on the first of them, from LUN 0 on. */
export function scsiControllers(
  count: number,
  disks: readonly InitOf<typeof attachment>[] = [],
): Readonly<Record<string, InitOf<typeof scsi>>> {
  const attachments = Object.fromEntries(disks.map((disk, lun) => [String(lun), disk]));
  return Object.fromEntries(SCSI_CONTROLLERS.slice(0, count).map((guid, i) => [guid, i === 0 ? { attachments } : {}]));
}

export function virtualDisk(path: string, readOnly: boolean): InitOf<typeof attachment> {
  return { type: "VirtualDisk", path, readOnly };
}
