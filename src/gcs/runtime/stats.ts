import { existsSync } from "node:fs";
import { notFound } from "../../errors/shim-error.ts";
import type { Cgroup } from "../../sys/cgroup.ts";
import { readV1Metrics } from "./stats-v1.ts";
import { convertToV1, readV2Metrics } from "./stats-v2.ts";

export interface CgroupStatistics {
  /** The shape of cgroup v1 Metrics, converted where the guest runs v2. */
  readonly v1: Record<string, unknown>;
  readonly v2?: object;
}

/** A hybrid cgroup has its controllers in v1. Throws not-found once the cgroup is gone (the task stopped). */
export function readStatistics(subject: string, cgroup: Cgroup): CgroupStatistics {
  const { controllers, unified } = cgroup;
  const onV2 = cgroup.mode === "v2";
  const directory = onV2 ? unified : (controllers.get("memory") ?? controllers.get("cpu") ?? controllers.get("pids"));
  if (directory === undefined || !existsSync(directory)) {
    throw notFound(`${subject}: its cgroup does not exist; cannot measure it`);
  }
  if (!onV2) return { v1: readV1Metrics(controllers) };
  const v2 = readV2Metrics(directory);
  return { v1: convertToV1(v2), v2 };
}
