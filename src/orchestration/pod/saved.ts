import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { failedPrecondition } from "../../errors/shim-error.ts";
import { stringifyJson } from "../../oci/json.ts";
import { readSavedContainer, type SavedContainer } from "../container/saved.ts";
import { readSavedDevices, type SavedDevices } from "../device/devices.ts";
import { broken, list, maybe, record } from "../saved-json.ts";
import { readSavedSize, type SavedSize } from "../vm/size.ts";
import { readSavedDocument } from "./saved-document.ts";

/** Beside what the stack writes into the directory; written last: where it is, the save is whole. */
const FILE = "pod.json";
const VERSION = 1;

export interface SavedPod {
  readonly version: typeof VERSION;
  readonly containers: readonly SavedContainer[];
  readonly devices: SavedDevices;
  /** The VM's, where it is known. */
  readonly size?: SavedSize;
  /** What others keep of the pod (its network), each by its name and in its own form. */
  readonly parts: Readonly<Record<string, unknown>>;
}

/** A controller's part of a saved pod. */
export interface SavedPart {
  /** JSON (oci/json); asked while the VM stands still. */
  save(): unknown;
}

export async function writeSavedPod(directory: string, pod: Omit<SavedPod, "version">): Promise<void> {
  const path = join(directory, FILE);
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(stringifyJson({ version: VERSION, ...pod }));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

export async function removeSavedPod(directory: string): Promise<void> {
  for (const name of [FILE, `${FILE}.new`]) await rm(join(directory, name), { force: true });
}

/** Throws not-found, data-loss (not what was written) or failed-precondition (of another release; others may write there). */
export async function readSavedPod(directory: string): Promise<SavedPod> {
  const path = join(directory, FILE);
  const saved = readSavedDocument(directory, path, "cannot restore a pod: name a directory that a save completed");
  if (saved.version !== VERSION) {
    if (typeof saved.version !== "number") throw broken("version", "is no number");
    throw failedPrecondition(`${path} has version ${saved.version}; this release restores ${VERSION}`);
  }
  const size = maybe(saved.size, "size", readSavedSize);
  return {
    version: VERSION,
    ...(size && { size }),
    containers: list(saved.containers, "containers", readSavedContainer),
    devices: readSavedDevices(saved.devices, "devices"),
    parts: record(saved.parts, "parts"),
  };
}
