import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { mountsUnder } from "../../src/sys/mountinfo.ts";
import type { Failure, Metric } from "./metric.ts";
import type { Finding } from "./recorder.ts";

/** What a part that is asked to end has for its own clean-up. */
const GRACE_MS = 60_000;

export interface Outcome {
  readonly metrics: readonly Metric[];
  readonly failures: readonly Failure[];
}

/**
 * Runs a part in a process group of its own, with a directory for temporary files of its own, so that one that hangs costs
 * its own metrics alone, and leaves nothing. What it had found by then is kept. Rejects with nothing.
 */
export async function runPart(
  argv: readonly string[],
  { seconds, program = fileURLToPath(new URL("part-main.ts", import.meta.url)), graceMs = GRACE_MS }: RunOptions,
): Promise<Outcome> {
  const metrics: Metric[] = [];
  const failures: Failure[] = [];
  let now = "its start";
  // Short, and not below $TMPDIR: the path of a unix socket in it has 107 bytes.
  const directory = mkdtempSync("/tmp/b-");
  const child = fork(program, argv, {
    detached: true,
    env: { ...process.env, TMPDIR: directory },
    serialization: "advanced",
  });
  child.on("message", (message: Finding | { now: string }) => {
    if ("metric" in message) metrics.push(message.metric);
    else if ("failure" in message) failures.push(message.failure);
    else now = message.now;
  });
  let why = "";
  const end = (reason: string): void => {
    why = reason;
    signal(child, "SIGTERM");
    setTimeout(() => signal(child, "SIGKILL"), graceMs).unref();
  };
  const interrupted = (): void => end("the bench was interrupted");
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, interrupted);
  const timer = setTimeout(() => end(`the part was ended after ${seconds} s`), seconds * 1000);
  try {
    const ended = await new Promise<string>((resolve) => {
      child.on("error", (error) => resolve(error.message));
      // Not "exit": what it told last may come after that.
      child.on("close", (code, by) => resolve(code === 0 ? "" : `its process ended with ${code ?? by}`));
    });
    if (why !== "" || ended !== "") failures.push({ what: `${now}, and what comes after it`, why: why || ended });
  } finally {
    clearTimeout(timer);
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, interrupted);
    // What is in its group and did not go with it.
    signal(child, "SIGKILL");
    const mounts = mountsUnder(directory);
    if (mounts.length === 0) rmSync(directory, { recursive: true, force: true });
    else failures.push({ what: "clean-up", why: `mounts are left: ${mounts.join(", ")}` });
  }
  return { metrics, failures };
}

export interface RunOptions {
  /** Bound. */
  readonly seconds: number;
  readonly program?: string;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs?: number;
}

/** To the whole group. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  } catch {
    // Nobody is in it any more.
  }
}
