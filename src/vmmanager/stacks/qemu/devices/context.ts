import { isKind, ShimError } from "../../../../errors/shim-error.ts";
import type { Logger } from "../../../../log/logger.ts";
import type { ChildProcess, Stdio } from "../../../../sys/runtime.ts";
import type { CallOptions } from "../../../lifetime.ts";
import type { UvmSizing } from "../../../sizing.ts";
import type { Accelerator } from "../accelerator.ts";
import type { QemuMonitor } from "../monitor.ts";
import type { Hardware } from "./hardware.ts";

/** Starts a process of the VM: recorded for who ends it without the daemon, in the pod's cgroup. */
export type SpawnVmProcess = (what: string, argv: readonly string[], stdio: readonly Stdio[]) => ChildProcess;

/** A directory of this host. What is mounted in it later is seen where it is a shared mount. */
export interface ServedDirectory {
  /** By which the guest mounts it. */
  readonly tag: string;
  readonly path: string;
}

export interface DeviceSettings {
  /** The guest gets it by virtio-fs from its boot on, in place of shares. */
  readonly directory?: ServedDirectory;
  readonly id: string;
  readonly stateDirectory: string;
  readonly sizing: UvmSizing;
  readonly accelerator: Accelerator;
  /** The virtiofsd program of QEMU 7. */
  readonly virtiofsdProgram: string;
  /** util-linux. */
  readonly setpriv: string;
  readonly spawn: SpawnVmProcess;
  readonly log: Logger;
}

/** What the managers share. */
export interface DeviceContext extends DeviceSettings {
  readonly monitor: QemuMonitor;
  readonly hardware: Hardware;
}

/** Ms. A call without a signal of its own ends then: QEMU or the guest may be wedged. */
const CALL_LIMIT = 60_000;
/** Ms for undoing what a failed call has done: QEMU's own work, no guest's. */
const UNDO_LIMIT = 10_000;

/** The caller's signal, and a deadline in any case. */
export function bounded(options: CallOptions | undefined): { signal: AbortSignal } {
  const deadline = AbortSignal.timeout(CALL_LIMIT);
  return { signal: options?.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]) };
}

/** For a `catch`: what is gone already counts as removed. */
export function unlessNotFound(error: unknown): void {
  if (!isKind(error, "not-found")) throw error;
}

/** Takes back one step; it is not stopped by the signal that stopped the call. */
export type Undo = (options: { signal: AbortSignal }) => unknown;

/**
 * Runs steps that are undone, last first, when a later one fails: the error of that one is thrown. What can't be undone
 * is logged as an error, and `stuck` is called.
 */
export async function inSteps(
  { log }: { readonly log: Logger },
  what: string,
  run: (done: (undo: Undo) => void) => Promise<void>,
  stuck?: () => void,
): Promise<void> {
  const undos: Undo[] = [];
  try {
    await run((undo) => undos.push(undo));
  } catch (error) {
    let failures = 0;
    for (const undo of undos.reverse()) {
      try {
        await undo({ signal: AbortSignal.timeout(UNDO_LIMIT) });
      } catch (failure) {
        failures++;
        log.error(`cannot undo the failed attempt to add ${what}: the VM keeps a part of it`, { error: failure });
      }
    }
    if (failures > 0) stuck?.();
    throw ShimError.from(error, "internal");
  }
}

/** `inSteps` for an entry of the hardware: listed from the start; after a failure only if a part of it stayed in QEMU. */
export async function plug<T>(
  context: { readonly log: Logger },
  list: T[],
  entry: T,
  what: string,
  run: (done: (undo: Undo) => void) => Promise<void>,
): Promise<void> {
  list.push(entry);
  let isStuck = false;
  try {
    await inSteps(context, what, run, () => {
      isStuck = true;
    });
  } catch (error) {
    if (!isStuck) remove(list, entry);
    throw error;
  }
}

export function remove<T>(list: T[], entry: T): void {
  const at = list.indexOf(entry);
  if (at >= 0) list.splice(at, 1);
}
