import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { failedPrecondition } from "../../errors/shim-error.ts";
import { stringifyJson } from "../../oci/json.ts";
import type { UvmSizing } from "../../vmmanager/sizing.ts";
import { readSavedDevices, type SavedDevices } from "../device/devices.ts";
import { readSavedDocument } from "../pod/saved-document.ts";
import { broken, flag, list, maybe, record, text } from "../saved-json.ts";
import { readSizing } from "../vm/size.ts";

/** Beside what the stack writes into the directory; written last: where it is, the save is whole. */
const FILE = "uvm.json";
const VERSION = 1;

export interface SavedUvm {
  /** Of the VM that was saved. */
  readonly id: string;
  readonly stack: string;
  readonly sizing?: UvmSizing;
  readonly devices: SavedDevices;
  readonly disks: readonly SavedUvmDisk[];
}

export interface SavedUvmDisk {
  readonly source: string;
  readonly guest: string;
  readonly readOnly: boolean;
  /** None: bare. */
  readonly fileSystem?: string;
  /** As it was then: a disk that was written to since does not go with the memory of the guest. */
  readonly fingerprint: string;
}

export async function writeSavedUvm(directory: string, saved: SavedUvm): Promise<void> {
  const path = join(directory, FILE);
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(stringifyJson({ version: VERSION, ...saved }));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

/** A failed save leaves nothing that a restore would take. */
export async function removeSavedUvm(directory: string): Promise<void> {
  for (const name of [FILE, `${FILE}.new`]) await rm(join(directory, name), { force: true });
}

/** Throws not-found, data-loss (not what was written) or failed-precondition (of another release; others may write there). */
export function readSavedUvm(directory: string): SavedUvm {
  const path = join(directory, FILE);
  const saved = readSavedDocument(directory, path, "cannot restore a VM: name a directory that a save completed");
  if (saved.version !== VERSION) {
    if (typeof saved.version !== "number") throw broken("version", "is no number");
    throw failedPrecondition(`${path} has version ${saved.version}; this release restores ${VERSION}`);
  }
  const sizing = maybe(saved.sizing, "sizing", readSizing);
  return {
    id: text(saved.id, "id"),
    stack: text(saved.stack, "stack"),
    ...(sizing && { sizing }),
    devices: readSavedDevices(saved.devices, "devices"),
    disks: list(saved.disks, "disks", readDisk),
  };
}

function readDisk(value: unknown, member: string): SavedUvmDisk {
  const saved = record(value, member);
  const fileSystem = maybe(saved.fileSystem, `${member}.fileSystem`, text);
  return {
    source: text(saved.source, `${member}.source`),
    guest: text(saved.guest, `${member}.guest`),
    readOnly: flag(saved.readOnly, `${member}.readOnly`),
    ...(fileSystem !== undefined && { fileSystem }),
    fingerprint: text(saved.fingerprint, `${member}.fingerprint`),
  };
}
