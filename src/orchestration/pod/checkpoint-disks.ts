import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256Hex } from "#sha256";
import { failedPrecondition, ShimError } from "../../errors/shim-error.ts";
import { stringifyJson } from "../../oci/json.ts";
import { close } from "../../sys/libc.ts";
import { sizeOf } from "../../sys/sparse.ts";
import { errorCode } from "../../sys/sys-error.ts";
import { openSaved } from "../../vmmanager/saved-file.ts";
import type { Holding } from "../container/holding.ts";
import { planRootfs, type RootfsPlan } from "../container/rootfs-plan.ts";
import type { StoragePlan } from "../container/storage.ts";
import type { Mount } from "../events.ts";
import { broken, count, list, record, text } from "../saved-json.ts";
import { checkImage, type DiskImage, packDisk, unpackDisk } from "./disk-image.ts";
import { readSavedDocument } from "./saved-document.ts";

/** Which disks a checkpoint carries: its container's own, with their content; what it only reads, by what tells it apart. */
const FILE = "disks.json";
const VERSION = 1;
/** So much of a file system tells it from others: its superblock is there. */
const FINGERPRINT_BYTES = 64 * 1024;

type SavedDisk =
  | { readonly kind: "content"; readonly hostPath: string; readonly image: DiskImage }
  | { readonly kind: "fingerprint"; readonly hostPath: string; readonly fingerprint: string };

export const isDiskFile = (name: string): boolean => name === FILE || /^disk-\d+$/.test(name);

const contentPath = (directory: string, index: number): string => join(directory, `disk-${index}`);

/** A saved root file system was made of disks, or it would not have been saved: they may be gone since. */
const savedPlan = (rootfs: readonly Mount[]): RootfsPlan => planRootfs(rootfs, () => "file");

/** Throws failed-precondition for disks that no checkpoint can carry. */
export function checkDisks(what: string, holdings: readonly Holding[], rootfs: readonly Mount[]): void {
  const own = new Set(pathsOf(savedPlan(rootfs)));
  for (const { kind, request } of holdings) {
    if (kind !== "disk" || request.readOnly || own.has(request.hostPath)) continue;
    throw failedPrecondition(
      `${what}: disk ${request.hostPath} is written to and is not of its root file system; run it without that mount, or with "ro"`,
    );
  }
}

/** While the VM stands still. */
export async function saveDisks(holdings: readonly Holding[], directory: string, signal: AbortSignal): Promise<void> {
  const disks: SavedDisk[] = [];
  for (const { kind, request } of holdings) {
    if (kind !== "disk" || disks.some(({ hostPath }) => hostPath === request.hostPath)) continue;
    const { hostPath, readOnly } = request;
    if (readOnly) disks.push({ kind: "fingerprint", hostPath, fingerprint: await fingerprint(hostPath) });
    else {
      const image = await packDisk(hostPath, contentPath(directory, disks.length), signal);
      disks.push({ kind: "content", hostPath, image });
    }
  }
  await writeFile(join(directory, FILE), stringifyJson({ version: VERSION, disks }), { mode: 0o600 });
}

/**
 * The new container's disk for each saved one, its content restored. Throws failed-precondition where they do not match,
 * data-loss for a damaged checkpoint: then no disk has been changed.
 */
export async function restoreDisks(
  directory: string,
  saved: readonly Mount[],
  plan: StoragePlan,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const disks = readDisks(directory);
  const paths = matching(savedPlan(saved), plan);
  const writes: (() => Promise<void>)[] = [];
  for (const [index, disk] of disks.entries()) {
    const hostPath = paths.get(disk.hostPath);
    if (hostPath === undefined) {
      throw failedPrecondition(`the checkpoint's disk ${disk.hostPath} is not mounted here; cannot restore it without`);
    }
    if (disk.kind === "fingerprint") {
      if ((await fingerprint(hostPath)) === disk.fingerprint) continue;
      throw failedPrecondition(
        `disk ${hostPath} is not what the checkpoint had as ${disk.hostPath}; cannot restore it: use the image and the snapshotter that it was made with`,
      );
    }
    const path = contentPath(directory, index);
    checkContent(directory, path);
    await checkImage(disk.image, path, hostPath);
    writes.push(() => unpackDisk(disk.image, path, hostPath, signal));
  }
  try {
    for (const write of writes) await write();
  } catch (cause) {
    if (errorCode(cause) !== "ENOSPC") throw cause;
    throw new ShimError("resource-exhausted", "the file system of the container's disk is full; cannot restore it", {
      cause,
    });
  }
  return paths;
}

/** By the saved path. */
function matching(saved: RootfsPlan, { rootfs, mounts }: StoragePlan): Map<string, string> {
  if (rootfs.kind !== "disks" || saved.kind !== "disks") {
    throw failedPrecondition(
      "its root file system is no disk here; cannot restore a checkpoint: use a snapshotter of disks, as the checkpoint's was",
    );
  }
  const form = ({ disks, root }: typeof rootfs): string =>
    stringifyJson([root, disks.map(({ hostPath: _, blobs, ...disk }) => [disk, blobs.length])]);
  if (form(rootfs) !== form(saved)) {
    throw failedPrecondition(
      "its root file system is not made as the checkpoint's was; cannot restore it: use the same image and snapshotter",
    );
  }
  const here = pathsOf(rootfs);
  const paths = new Map(pathsOf(saved).map((path, index) => [path, here[index] ?? ""]));
  for (const mount of mounts) {
    if (mount.kind !== "disk") continue;
    for (const path of [mount.disk.hostPath, ...mount.disk.blobs]) if (!paths.has(path)) paths.set(path, path);
  }
  return paths;
}

function pathsOf(plan: RootfsPlan): string[] {
  return plan.kind === "disks" ? plan.disks.flatMap(({ hostPath, blobs }) => [hostPath, ...blobs]) : [];
}

/** A link would give the container a file of this host's. */
function checkContent(directory: string, path: string): void {
  try {
    close(openSaved(directory, path));
  } catch (cause) {
    if (cause instanceof ShimError) throw cause;
    throw new ShimError("data-loss", `${path} cannot be read; save the pod again`, { cause });
  }
}

function readDisks(directory: string): SavedDisk[] {
  const path = join(directory, FILE);
  const missing = "cannot restore a container: name what Task.Checkpoint has written";
  const saved = readSavedDocument(directory, path, missing);
  if (saved.version !== VERSION)
    throw failedPrecondition(`${path} has another version than ${VERSION}; cannot restore it`);
  return list(saved.disks, "disks", readDisk);
}

function readDisk(value: unknown, member: string): SavedDisk {
  const saved = record(value, member);
  const hostPath = text(saved.hostPath, `${member}.hostPath`);
  if (saved.kind === "fingerprint") {
    return { kind: saved.kind, hostPath, fingerprint: text(saved.fingerprint, `${member}.fingerprint`) };
  }
  if (saved.kind !== "content") throw broken(`${member}.kind`, "is neither content nor fingerprint");
  const image = record(saved.image, `${member}.image`);
  const pieces = list(image.pieces, `${member}.image.pieces`, (entry, at) => {
    const { offset, length } = record(entry, at);
    return { offset: count(offset, `${at}.offset`), length: count(length, `${at}.length`) };
  });
  return { kind: saved.kind, hostPath, image: { bytes: count(image.bytes, `${member}.image.bytes`), pieces } };
}

async function fingerprint(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FINGERPRINT_BYTES), 0, FINGERPRINT_BYTES, 0);
    return `${sizeOf(file.fd)}:${sha256Hex(buffer.subarray(0, bytesRead))}`;
  } finally {
    await file.close();
  }
}
