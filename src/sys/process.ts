/** Processes as /proc tells of them. A pid alone names nothing for long: it goes with its start time. */
import { readFileSync } from "node:fs";
import { errorCode } from "./sys-error.ts";

const PF_EXITING = 4;

export interface ProcessStat {
  /** One letter of proc(5): R, S, D, Z (zombie), T... */
  readonly state: string;
  readonly parentPid: number;
  /** It is on its way out, or a zombie: it may have closed its fds, its parent may not know yet (PF_EXITING). */
  readonly exiting: boolean;
  /** -20 to 19. */
  readonly niceness: number;
  /** In clock ticks since boot: with the pid it names one process for good. */
  readonly startTime: bigint;
}

/** undefined where there is no such process. */
export function processStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    // ESRCH: it went between open and read.
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ESRCH") return undefined;
    throw error;
  }
  // The command name, in parentheses, may itself hold spaces and parentheses: field 3 follows the last one.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    state: fields[0] ?? "",
    parentPid: Number(fields[1]),
    exiting: (Number(fields[6]) & PF_EXITING) !== 0,
    niceness: Number(fields[16]),
    startTime: BigInt(fields[19] ?? 0),
  };
}

export function startTime(pid: number): bigint | undefined {
  return processStat(pid)?.startTime;
}

/** Whether that very process still runs; a zombie does not. */
export function isAlive(pid: number, started: bigint): boolean {
  const stat = processStat(pid);
  return stat !== undefined && stat.startTime === started && stat.state !== "Z" && stat.state !== "X";
}
