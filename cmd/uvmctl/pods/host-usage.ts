import { readFileSync } from "node:fs";
import { isAlive } from "../../../src/sys/process.ts";

/** What processes of this host have used. */
export interface HostUsage {
  /** Seconds of processor time since they began. */
  readonly cpuSeconds: number;
  /** Resident. */
  readonly memoryBytes: number;
  readonly processes: number;
}

/** proc(5): the unit of times, on every Linux there is. */
const TICKS_A_SECOND = 100;
const PAGE_BYTES = 4096;

/** Of those that still are who they were; one that ends meanwhile counts for nothing. */
export function usageOf(processes: readonly { readonly pid: number; readonly startTime: bigint }[]): HostUsage {
  const living = processes.filter(({ pid, startTime }) => isAlive(pid, startTime));
  let [ticks, pages] = [0, 0];
  for (const { pid } of living) {
    const stat = afterName(read(`/proc/${pid}/stat`));
    ticks += Number(stat[11] ?? 0) + Number(stat[12] ?? 0);
    pages += Number(read(`/proc/${pid}/statm`).split(" ")[1] ?? 0);
  }
  return { cpuSeconds: ticks / TICKS_A_SECOND, memoryBytes: pages * PAGE_BYTES, processes: living.length };
}

/** Seconds since a process began; `startTime` in ticks since the boot. */
export function ageOf(startTime: bigint): number {
  const uptime = Number(read("/proc/uptime").split(" ")[0] ?? 0);
  return Math.max(0, uptime - Number(startTime) / TICKS_A_SECOND);
}

/** A process's name may hold blanks and parentheses: the fields follow the last one. */
function afterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
