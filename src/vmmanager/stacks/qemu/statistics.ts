import { readFileSync } from "node:fs";
import { unavailable } from "../../../errors/shim-error.ts";
import type { CallOptions } from "../../lifetime.ts";
import type { UvmStatistics } from "../../properties.ts";
import { readVmProcesses } from "../../vm-processes.ts";
import type { QmpClient } from "./qmp/client.ts";

/** USER_HZ: what /proc counts CPU time in, on every Linux. */
const NS_PER_TICK = 10_000_000n;

/** From /proc and the monitor; throws unavailable where the VM's process is gone. */
export async function readStatistics(
  vm: { readonly pid: number; readonly qmp: QmpClient; readonly memoryMiB: number; readonly stateDirectory: string },
  options?: CallOptions,
): Promise<UvmStatistics> {
  const { pid, qmp, memoryMiB, stateDirectory } = vm;
  const dimms = await qmp.execute("query-memory-devices", undefined, options);
  const processors = await qmp.execute("query-cpus-fast", undefined, options);
  const added = dimms.filter(({ type }) => type === "dimm" || type === "virtio-mem");
  // virtiofsd's memory is the guest's, mapped once more; its time is its own.
  const others = readVmProcesses(stateDirectory).filter((each) => each.pid !== pid);
  return {
    memory: {
      assignedBytes: added.reduce((sum, { data }) => sum + data.size, BigInt(memoryMiB) << 20n),
      workingSetBytes: residentBytes(pid),
    },
    processor: {
      totalNs: others.reduce((sum, each) => sum + (cpuTime(`${each.pid}`) ?? 0n), cpuTime(`${pid}`) ?? 0n),
      guestNs: processors.reduce((sum, { threadId }) => sum + (cpuTime(`${pid}/task/${threadId}`) ?? 0n), 0n),
    },
  };
}

function residentBytes(pid: number): bigint {
  const match = /^VmRSS:\s*(\d+) kB$/m.exec(readProc(`${pid}/status`) ?? "");
  if (match === null) throw unavailable(`process ${pid} of the VM is gone; cannot read its memory`);
  return BigInt(match[1] ?? 0) * 1024n;
}

/** User and system time in ns (proc(5): stat, fields 14 and 15); undefined for one that is gone. */
function cpuTime(process: string): bigint | undefined {
  const stat = readProc(`${process}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (BigInt(fields[11] ?? 0) + BigInt(fields[12] ?? 0)) * NS_PER_TICK;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, "latin1");
  } catch {
    return undefined;
  }
}
