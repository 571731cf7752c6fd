import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { removeVm } from "#os/src/shim/remains.ts";
import { notFound } from "../../../src/errors/shim-error.ts";
import { type DaemonRecord, readDaemonRecord } from "../../../src/shim/records.ts";
import { withDirectoryLock } from "../../../src/sys/directory-lock.ts";
import { isAlive } from "../../../src/sys/process.ts";
import type { Session } from "../session.ts";
import { vmNames } from "./names.ts";

/** A VM that somebody drives by hand, by the record of its keeper. */
export interface KeptVm extends DaemonRecord {
  readonly name: string;
}

/** Of one VM: its keeper's record and socket, and what its stack needs. */
export const stateOf = (vmDirectory: string, name: string): string => join(vmDirectory, name);
export const socketOf = (stateDirectory: string): string => join(stateDirectory, "uvm.sock");

/** Runs `work` while nobody else makes or clears VMs under that directory, which is made where it is missing. */
export async function alone<T>(vmDirectory: string, work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      mkdirSync(vmDirectory, { recursive: true, mode: 0o700 });
      return await withDirectoryLock(vmDirectory, work);
    } catch (cause) {
      // The last VM took the directory along.
      if (tries === 5 || existsSync(vmDirectory)) throw cause;
    }
  }
}

/** Those whose keeper lives; what is left of the others is cleared up, and said. */
export async function keptVms(vmDirectory: string, session: Session): Promise<KeptVm[]> {
  const dead = vmNames(vmDirectory).filter((name) => livingRecord(vmDirectory, name) === undefined);
  if (dead.length > 0) await alone(vmDirectory, () => clearDead(vmDirectory, dead, session));
  return vmNames(vmDirectory).flatMap((name) => livingRecord(vmDirectory, name) ?? []);
}

/** Throws not-found, with what there is. */
export async function keptVm(vmDirectory: string, name: string, session: Session): Promise<KeptVm> {
  const all = await keptVms(vmDirectory, session);
  const found = all.find((vm) => vm.name === name);
  if (found !== undefined) return found;
  const there = all.length === 0 ? "none runs: uvmctl boot" : `there are ${all.map((vm) => vm.name).join(", ")}`;
  throw notFound(`no VM ${name} under ${vmDirectory}; ${there}`);
}

/** With the lock held: a VM that has just begun has its record by then. */
export async function clearDead(vmDirectory: string, dead: readonly string[], session: Session): Promise<void> {
  for (const name of dead) {
    if (!existsSync(stateOf(vmDirectory, name)) || livingRecord(vmDirectory, name) !== undefined) continue;
    await removeVm(stateOf(vmDirectory, name));
    session.err(`uvmctl: the keeper of ${name} was killed: its VM is ended, and what was left of it is removed\n`);
  }
}

export function livingRecord(vmDirectory: string, name: string): KeptVm | undefined {
  const record = readDaemonRecord(stateOf(vmDirectory, name));
  return record !== undefined && isAlive(record.pid, record.startTime) ? { ...record, name } : undefined;
}
