import type { Any } from "../../../src/generated/google/protobuf.ts";
import * as v1 from "../../../src/generated/io/containerd/cgroups/v1.ts";
import * as v2 from "../../../src/generated/io/containerd/cgroups/v2.ts";

export interface ContainerUsage {
  /** Seconds of processor time since it began. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly pids: number;
}

/** Of what Task.Stats answers; undefined for a type of another system's containers. */
export function usageOfMetrics(stats: Any | undefined): ContainerUsage | undefined {
  if (stats === undefined) return undefined;
  const type = stats.typeUrl.slice(stats.typeUrl.lastIndexOf("/") + 1);
  if (type === v2.Metrics.typeName) {
    const { cpu, memory, pids } = v2.Metrics.decode(stats.value);
    return usage(Number(cpu?.usageUsec ?? 0n) / 1e6, memory?.usage, pids?.current);
  }
  if (type !== v1.Metrics.typeName) return undefined;
  const { cpu, memory, pids } = v1.Metrics.decode(stats.value);
  return usage(Number(cpu?.usage?.total ?? 0n) / 1e9, memory?.usage?.usage, pids?.current);
}

function usage(cpuSeconds: number, memory = 0n, pids = 0n): ContainerUsage {
  return { cpuSeconds, memoryBytes: Number(memory), pids: Number(pids) };
}
