import { count, flag, list, maybe, record, text } from "../../saved-json.ts";
import type { ScsiRequest } from "./ports.ts";

/** A VM's disks as JSON. */
export interface SavedDisks {
  /** Places in use, also by disks that nobody can take again. */
  readonly slots: readonly number[];
  readonly disks: readonly SavedDisk[];
}

export interface SavedDisk {
  readonly slot: number;
  readonly hostPath: string;
  readonly readOnly: boolean;
  /** False: nobody knows whether it is there. */
  readonly isMapped: boolean;
  readonly mounts: readonly SavedMount[];
}

export interface SavedMount {
  readonly request: ScsiRequest;
  readonly guestPath: string;
  readonly isMapped: boolean;
}

export function readSavedDisks(value: unknown, member: string): SavedDisks {
  const saved = record(value, member);
  return {
    slots: list(saved.slots, `${member}.slots`, count),
    disks: list(saved.disks, `${member}.disks`, (entry, at) => {
      const disk = record(entry, at);
      return {
        slot: count(disk.slot, `${at}.slot`),
        hostPath: text(disk.hostPath, `${at}.hostPath`),
        readOnly: flag(disk.readOnly, `${at}.readOnly`),
        isMapped: flag(disk.isMapped, `${at}.isMapped`),
        mounts: list(disk.mounts, `${at}.mounts`, (mount, where) => {
          const { request, guestPath, isMapped } = record(mount, where);
          return {
            request: readScsiRequest(request, `${where}.request`),
            guestPath: text(guestPath, `${where}.guestPath`),
            isMapped: flag(isMapped, `${where}.isMapped`),
          };
        }),
      };
    }),
  };
}

export function readScsiRequest(value: unknown, member: string): ScsiRequest {
  const saved = record(value, member);
  const partition = maybe(saved.partition, `${member}.partition`, count);
  const fileSystem = maybe(saved.fileSystem, `${member}.fileSystem`, text);
  const options = maybe(saved.options, `${member}.options`, (entry, at) => list(entry, at, text));
  const guestPath = maybe(saved.guestPath, `${member}.guestPath`, text);
  return {
    hostPath: text(saved.hostPath, `${member}.hostPath`),
    readOnly: flag(saved.readOnly, `${member}.readOnly`),
    ...(partition !== undefined && { partition }),
    ...(fileSystem !== undefined && { fileSystem }),
    ...(options && { options }),
    ...(guestPath !== undefined && { guestPath }),
  };
}
