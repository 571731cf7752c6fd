import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** What a process holds at one moment; memory in MiB. */
export interface Footprint {
  readonly rss: number;
  readonly pss: number;
  /** Of pages that it alone has and wrote to: the heap, and what else can grow. */
  readonly dirty: number;
  readonly descriptors: number;
  readonly threads: number;
}

/** How many more the runtime may start for itself, to compile and to collect: on a busy machine also late. */
export const runtimeThreads = 8;

export function footprint(pid: number): Footprint {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const mebibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(rollup)?.[1]) / 1024;
  return {
    rss: mebibytes("Rss"),
    pss: mebibytes("Pss"),
    dirty: mebibytes("Private_Dirty"),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

/** The least of several readings: what is garbage, or on its way out, at one of them does not count. */
export async function settled(pid: number, readings = 10): Promise<Footprint> {
  let least = footprint(pid);
  for (let reading = 1; reading < readings; reading++) {
    await delay(200);
    least = lesser(least, footprint(pid));
  }
  return least;
}

function lesser(a: Footprint, b: Footprint): Footprint {
  const pick = (key: keyof Footprint): number => Math.min(a[key], b[key]);
  return {
    rss: pick("rss"),
    pss: pick("pss"),
    dirty: pick("dirty"),
    descriptors: pick("descriptors"),
    threads: pick("threads"),
  };
}
