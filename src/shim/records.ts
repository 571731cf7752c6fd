import { mkdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { mountsUnder } from "#os/src/sys/mountinfo.ts";
import { withSharedFile } from "#os/src/sys/shared-file.ts";
import type { Settings } from "../config/settings.ts";
import { failedPrecondition } from "../errors/shim-error.ts";
import { writeRecord } from "../sys/record-file.ts";

/**
 * What the shim leaves on disk for the one that cleans up: `shim delete` finds the bundle record with nothing but the
 * bundle's path, and through it the daemon's. Both are 0600 and replaced whole, never seen half-written.
 *
 *     <bundle>/uvm-shim.json                              which pod, and where its state is
 *     <run directory>/<namespace>/<pod id>/daemon.json    which process serves it
 */
export interface BundleRecord {
  readonly podId: string;
  readonly stateDirectory: string;
  readonly socketPath: string;
  readonly settings: Settings;
}

export interface DaemonRecord {
  readonly pid: number;
  /** Clock ticks since boot, as in /proc: with the pid it names one process for good. */
  readonly startTime: bigint;
  readonly stack: Settings["stack"];
  readonly socketPath: string;
  /** The bundle of the pod's first container: the daemon's log and socket link are there. */
  readonly bundle: string;
  /** Only stack local. */
  readonly runcBinary?: string;
  readonly runcRoot?: string;
}

export function stateDirectoryOf(runDirectory: string, namespace: string, podId: string): string {
  return join(runDirectory, namespace, podId);
}

export function writeBundleRecord(bundle: string, record: BundleRecord): void {
  writeRecord(bundleRecordPath(bundle), record);
}

/** Undefined where there is none, or none that can be trusted. */
export function readBundleRecord(bundle: string): BundleRecord | undefined {
  const record = readRecord(bundleRecordPath(bundle));
  if (typeof record?.podId !== "string" || !isSettings(record.settings)) return undefined;
  if (!isAbsolutePath(record.stateDirectory) || !isAbsolutePath(record.socketPath)) return undefined;
  return record as unknown as BundleRecord;
}

export function removeBundleRecord(bundle: string): void {
  rmSync(bundleRecordPath(bundle), { force: true });
}

/** Makes the state directory, 0700. */
export function writeDaemonRecord(stateDirectory: string, record: DaemonRecord): void {
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  writeRecord(daemonRecordPath(stateDirectory), { ...record, startTime: record.startTime.toString() });
}

export function readDaemonRecord(stateDirectory: string): DaemonRecord | undefined {
  const record = readRecord(daemonRecordPath(stateDirectory));
  if (typeof record?.pid !== "number" || typeof record.startTime !== "string") return undefined;
  if (!/^\d{1,20}$/.test(record.startTime)) return undefined;
  // What follows from here is kill(2): a pid of 0 or 1 would hit everybody.
  if (!Number.isSafeInteger(record.pid) || record.pid <= 1 || !isAbsolutePath(record.socketPath)) return undefined;
  if (typeof record.stack !== "string" || typeof record.bundle !== "string") return undefined;
  for (const path of [record.runcBinary, record.runcRoot]) {
    if (path !== undefined && typeof path !== "string") return undefined;
  }
  return { ...(record as unknown as DaemonRecord), startTime: BigInt(record.startTime) };
}

/**
 * Removes a pod's state, and the namespace's directory when it was the last one. Throws failed-precondition while
 * anything is mounted in it: what is mounted is not ours to remove.
 */
export function removeStateDirectory(stateDirectory: string): void {
  const [mount] = mountsUnder(stateDirectory);
  if (mount !== undefined) {
    throw failedPrecondition(`state directory ${stateDirectory} has ${mount} mounted; cannot remove it`);
  }
  rmSync(stateDirectory, { recursive: true, force: true });
  try {
    rmdirSync(dirname(stateDirectory));
  } catch {
    // Other pods live there, or it is gone.
  }
}

function bundleRecordPath(bundle: string): string {
  return join(bundle, "uvm-shim.json");
}

function daemonRecordPath(stateDirectory: string): string {
  return join(stateDirectory, "daemon.json");
}

function readRecord(path: string): Record<string, unknown> | undefined {
  try {
    const record: unknown = JSON.parse(withSharedFile(() => readFileSync(path, "utf8")));
    return typeof record === "object" && record !== null ? (record as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** What `delete` goes by: where the state is, and which runc. */
function isSettings(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { runDirectory, runc, stack } = value as Record<string, unknown>;
  if (!isAbsolutePath(runDirectory) || typeof stack !== "string" || typeof runc !== "object" || runc === null)
    return false;
  return "binary" in runc && typeof runc.binary === "string";
}

function isAbsolutePath(value: unknown): boolean {
  return typeof value === "string" && isAbsolute(value);
}
