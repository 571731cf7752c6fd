import type { QmpClient } from "./client.ts";
import { integer, members, object, wide } from "./shape.ts";

/** What a statistic reads while the guest has not told it: -1 as u64. */
const UNKNOWN = 0xffff_ffff_ffff_ffffn;

export interface BalloonStats {
  /** Seconds since 1970, 0 before the guest's first report. */
  readonly lastUpdate: number;
  /** By QEMU's names without "stat-" ("free-memory", "total-memory", "available-memory", "disk-caches"...), in bytes or counts. */
  readonly values: ReadonlyMap<string, bigint>;
}

const readStats = object({ lastUpdate: ["last-update", integer], stats: ["stats", members] });

/** The guest's own view of its memory. Needs a polling interval: qom-set of guest-stats-polling-interval, in seconds. */
export async function balloonStats(
  client: QmpClient,
  path: string,
  options?: { signal?: AbortSignal },
): Promise<BalloonStats> {
  const value = await client.execute("qom-get", { path, property: "guest-stats" }, options);
  const { lastUpdate, stats } = readStats(value, "guest-stats");
  const known = Object.entries(stats)
    .map(([name, stat]) => [name.replace(/^stat-/, ""), wide(stat, `guest-stats.${name}`)] as const)
    .filter(([, stat]) => stat !== UNKNOWN);
  return { lastUpdate, values: new Map(known) };
}
