import { count, flag, list, maybe, oneOf, record, text } from "../../saved-json.ts";
import type { DiskRequest, ScsiRequest } from "./ports.ts";

/** A VM's disks as JSON. */
export interface SavedDisks {
  /** Places in use, also by disks that nobody can take again. */
  readonly slots: readonly number[];
  readonly disks: readonly SavedDisk[];
}

export interface SavedDisk extends DiskRequest {
  readonly slot: number;
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
        ...readDiskRequest(disk, at),
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
  const access = maybe(saved.access, `${member}.access`, (entry, at) =>
    oneOf(entry, at, ["none", "group", "individual"]),
  );
  const ensureFileSystem = maybe(saved.ensureFileSystem, `${member}.ensureFileSystem`, flag);
  const encrypted = maybe(saved.encrypted, `${member}.encrypted`, flag);
  const partition = maybe(saved.partition, `${member}.partition`, count);
  const fileSystem = maybe(saved.fileSystem, `${member}.fileSystem`, text);
  const options = maybe(saved.options, `${member}.options`, (entry, at) => list(entry, at, text));
  const guestPath = maybe(saved.guestPath, `${member}.guestPath`, text);
  return {
    ...readDiskRequest(saved, member),
    ...(access !== undefined && { access }),
    ...(ensureFileSystem !== undefined && { ensureFileSystem }),
    ...(encrypted !== undefined && { encrypted }),
    ...(partition !== undefined && { partition }),
    ...(fileSystem !== undefined && { fileSystem }),
    ...(options && { options }),
    ...(guestPath !== undefined && { guestPath }),
  };
}

function readDiskRequest(saved: Record<string, unknown>, member: string): DiskRequest {
  const type = maybe(saved.type, `${member}.type`, (entry, at) => oneOf(entry, at, DISK_TYPES));
  const extensibleDiskType = maybe(saved.extensibleDiskType, `${member}.extensibleDiskType`, text);
  return {
    hostPath: text(saved.hostPath, `${member}.hostPath`),
    readOnly: flag(saved.readOnly, `${member}.readOnly`),
    ...(type !== undefined && { type }),
    ...(extensibleDiskType !== undefined && { extensibleDiskType }),
  };
}

const DISK_TYPES = ["VirtualDisk", "PassThru", "ExtensibleVirtualDisk"] as const;
