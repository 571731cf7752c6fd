import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** What the machine's processors did since it was booted, in ticks of all of them together. */
export interface ProcessorTime {
  readonly total: number;
  readonly idle: number;
  /** Taken by the machine's own host. */
  readonly stolen: number;
}

/** Of /proc/stat (proc_stat(5)): user nice system idle iowait irq softirq steal. Guests' time is in user's. */
export function processorTime(stat = readFileSync("/proc/stat", "utf8")): ProcessorTime {
  const ticks = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(" ").slice(0, 8).map(Number) ?? [];
  const [, , , idle = 0, waiting = 0, , , stolen = 0] = ticks;
  return { total: ticks.reduce((sum, each) => sum + each, 0), idle: idle + waiting, stolen };
}

/** Percent of the processors' time in between. */
export function percentBetween(from: ProcessorTime, to: ProcessorTime): { busy: number; stolen: number } {
  const total = Math.max(1, to.total - from.total);
  const stolen = to.stolen - from.stolen;
  return { busy: 100 * (1 - (to.idle - from.idle) / total), stolen: (100 * stolen) / total };
}

/** Percent of the processors' time that others have now, over three seconds. */
export async function busyNow(): Promise<number> {
  const from = processorTime();
  await sleep(3000);
  return percentBetween(from, processorTime()).busy;
}
