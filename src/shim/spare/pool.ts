import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { namesIn } from "../../sys/names-in.ts";
import { isAlive } from "../../sys/process.ts";
import { errorCode } from "../../sys/sys-error.ts";

/**
 * Where spare daemons wait (docs/spare-daemons.md). The launcher looks there before it has read any configuration, so the
 * place is fixed: launcher.sh has it too. No namespace's state can be there, as none begins with a dot.
 *
 *     /run/uvm-shim/.spares/<containerd's address, "/" as "_">@<pid>/
 *         started    its start time: with the pid it names one process
 *         request    FIFO: "<launcher's pid> <containerd's pid>\n"
 *         answer     FIFO: "pass\n", or "taken\n" and then the exit code of `start`
 *         claim      made with O_EXCL by the one launcher that has it, or by the spare that ends
 */
export const SPARES = "/run/uvm-shim/.spares";

export interface Spare {
  readonly directory: string;
  readonly pid: number;
  /** Of its containerd, "/" as "_". */
  readonly pool: string;
  readonly alive: boolean;
}

export function poolOf(address: string): string {
  return address.replaceAll("/", "_");
}

export function nameOf(address: string, pid: number): string {
  return `${poolOf(address)}@${pid}`;
}

/** All that is there, also of the dead. */
export function listSpares(root = SPARES): Spare[] {
  return namesIn(root).flatMap((name) => {
    const match = /^(.*)@(\d+)$/.exec(name);
    if (match === null) return [];
    const directory = join(root, name);
    const pid = Number(match[2]);
    return [{ directory, pid, pool: match[1] ?? "", alive: isAlive(pid, startedAt(directory)) }];
  });
}

/** True for one caller alone, whoever else tries. Throws where the spare is gone. */
export function claim(directory: string): boolean {
  try {
    writeFileSync(join(directory, "claim"), "", { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

export function isClaimed(directory: string): boolean {
  return existsSync(join(directory, "claim"));
}

/** Its process then ends by itself (waiting.ts). With the last one goes the place. Idempotent. */
export function removeSpare(directory: string, root = SPARES): void {
  rmSync(directory, { recursive: true, force: true });
  try {
    rmdirSync(root);
  } catch {
    // Others wait there, or it is gone.
  }
}

export function makePool(root = SPARES): void {
  mkdirSync(root, { recursive: true, mode: 0o700 });
}

function startedAt(directory: string): bigint {
  try {
    return BigInt(readFileSync(join(directory, "started"), "utf8"));
  } catch {
    return 0n;
  }
}
