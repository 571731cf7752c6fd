import { readStatistics } from "../../gcs/runtime/stats.ts";
import type { ContainerStatistics } from "../../guestmanager/guest.ts";
import { cgroupOf } from "../../sys/cgroup.ts";
import type { CallOptions } from "../../vmmanager/lifetime.ts";
import type { PropertyManager } from "../../vmmanager/properties.ts";

/** The statistics of a VM's processes: of their own cgroup, where they have one, else as the stack counts them. */
export async function vmMetrics(
  uvm: PropertyManager,
  cgroup: string | undefined,
  call: CallOptions,
): Promise<ContainerStatistics> {
  const { pid } = await uvm.properties(call);
  if (cgroup !== undefined && pid !== undefined) return readStatistics(`vm process ${pid}`, cgroupOf(pid));
  const { memory, processor } = await uvm.statistics(call);
  return {
    v2: {
      cpu: { usage_usec: processor.totalNs / 1000n, user_usec: processor.guestNs / 1000n },
      memory: { usage: memory.workingSetBytes, usage_limit: memory.assignedBytes },
    },
  };
}

/** Of containers that share no cgroup: their numbers together, what is not a number left out. */
export function sumOf(all: readonly ContainerStatistics[]): ContainerStatistics {
  const v1 = all.flatMap((each) => each.v1 ?? []);
  const v2 = all.flatMap((each) => each.v2 ?? []);
  return v2.length === 0 && v1.length > 0 ? { v1: sum(v1) } : { v2: sum(v2) };
}

/** What a limit is that is none. */
const MAX = 2n ** 64n - 1n;

function sum(all: readonly object[]): object {
  const total: Record<string, unknown> = {};
  for (const each of all) {
    for (const [name, value] of Object.entries(each)) {
      const before = total[name];
      if (typeof value === "number" || typeof value === "bigint") {
        const both = BigInt(value) + (typeof before === "bigint" ? before : 0n);
        total[name] = both > MAX ? MAX : both;
      } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
        total[name] = sum(typeof before === "object" && before !== null ? [before, value] : [value]);
      }
    }
  }
  return total;
}
