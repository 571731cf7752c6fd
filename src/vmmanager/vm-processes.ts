import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isAlive, startTime } from "../sys/process.ts";
import { writeRecord } from "../sys/record-file.ts";

/**
 * The processes on this host that a VM consists of, as its stack leaves them on disk for whoever has to end them without
 * the daemon: `shim delete` after a kill, the next `start`. JSON at `<state directory>/vm-processes.json`, 0600, replaced
 * whole.
 */
export interface VmProcess {
  readonly pid: number;
  /** Clock ticks since boot, as in /proc: with the pid it names one process for good. */
  readonly startTime: bigint;
  /** "qemu", "virtiofsd"...: for people. */
  readonly what: string;
}

/** Before the process does anything that would have to be undone: each time that one is spawned. */
export function writeVmProcesses(stateDirectory: string, processes: readonly VmProcess[]): void {
  const record = processes.map((each) => ({ ...each, startTime: each.startTime.toString() }));
  writeRecord(recordPath(stateDirectory), record);
}

/** Adds one that was just spawned; those that are gone leave the record. */
export function addVmProcess(stateDirectory: string, { pid, what }: Omit<VmProcess, "startTime">): void {
  const started = startTime(pid);
  if (started === undefined) return;
  const living = readVmProcesses(stateDirectory).filter((each) => isAlive(each.pid, each.startTime));
  writeVmProcesses(stateDirectory, [...living, { pid, startTime: started, what }]);
}

/** Empty where there is no record, or none that can be trusted. */
export function readVmProcesses(stateDirectory: string): VmProcess[] {
  let record: unknown;
  try {
    record = JSON.parse(readFileSync(recordPath(stateDirectory), "utf8"));
  } catch {
    return [];
  }
  return Array.isArray(record) ? record.flatMap(readProcess) : [];
}

/** SIGKILL to each that still runs. Resolves with them once they are gone; rejects with the signal's reason. */
export async function killVmProcesses(stateDirectory: string, options: { signal: AbortSignal }): Promise<VmProcess[]> {
  const living = readVmProcesses(stateDirectory).filter(({ pid, startTime }) => isAlive(pid, startTime));
  for (const { pid } of living) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended on its own in between.
    }
  }
  while (living.some(({ pid, startTime }) => isAlive(pid, startTime))) {
    options.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return living;
}

function readProcess(entry: unknown): VmProcess[] {
  if (typeof entry !== "object" || entry === null) return [];
  const { pid, startTime, what } = entry as Record<string, unknown>;
  // What follows from here is kill(2): a pid of 0 or 1 would hit everybody.
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 1) return [];
  if (typeof startTime !== "string" || !/^\d{1,20}$/.test(startTime)) return [];
  return [{ pid, startTime: BigInt(startTime), what: typeof what === "string" ? what : "" }];
}

function recordPath(stateDirectory: string): string {
  return join(stateDirectory, "vm-processes.json");
}
