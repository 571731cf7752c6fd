import { readFileSync } from "node:fs";

/** Proportional set size of a process in MiB: pages that it shares count by their share. */
export function pss(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) / 1024;
}
