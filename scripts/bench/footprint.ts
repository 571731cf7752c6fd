import { readFileSync } from "node:fs";
import type { Machine } from "../../test/harness/machine.ts";

/** After this long without a call a daemon has given back what it can. */
export const SETTLED_MS = 6000;

/** Proportional set size of a process in MiB. */
export function pss(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) / 1024;
}

/** PSS in MiB of each shim of this machine: of its daemon and what has its name. */
export function shimsPss(machine: Machine): number[] {
  const shims = new Map<string, number>();
  for (const { pid, title } of machine.traces.processes()) {
    if (!title.includes(machine.runtime.binary)) continue;
    const id = / -id (\S+)/.exec(title)?.[1] ?? "";
    shims.set(id, (shims.get(id) ?? 0) + pss(pid));
  }
  return [...shims.values()];
}

/** User and system time of a process; the fields count from behind the name, which may hold anything. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
