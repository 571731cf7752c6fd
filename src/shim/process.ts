import { readFileSync, writeFileSync } from "node:fs";
import { isAlive } from "#os/src/sys/process.ts";

/** SIGKILL, to exactly this process. */
export function killProcess(pid: number, startTime: bigint): void {
  if (!isAlive(pid, startTime)) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended on its own in between.
  }
}

/**
 * Makes the kernel kill the process a little sooner than the one that asked for it, so that containerd outlives its
 * shims under memory pressure (reference: containerd-shim, 1.11).
 */
export function setOomScoreAbove(pid: number, parentPid: number): void {
  const parent = Number.parseInt(readFileSync(`/proc/${parentPid}/oom_score_adj`, "utf8"), 10);
  writeFileSync(`/proc/${pid}/oom_score_adj`, String(Math.min(parent + 1, 1000)));
}
