import { readFileSync } from "node:fs";
import { until } from "./until.ts";

/** A process that runs until SIGTERM and then ends with `code`, as a well-behaved service does. */
export function service(code: number): string[] {
  return ["sh", "-c", `trap 'exit ${code}' TERM; while :; do sleep 0.05; done`];
}

/**
 * Waits until the process, a container's init, has its handler of SIGTERM: the kernel drops a signal to the first
 * process of a pid namespace that has none.
 */
export async function catchesTerm(pid: number): Promise<void> {
  await until(`process ${pid} catches SIGTERM`, () => {
    const caught = /^SigCgt:\s+([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
    return (BigInt(`0x${caught}`) >> 14n) & 1n ? true : undefined;
  });
}
