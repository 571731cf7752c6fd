import { closeSync, writeSync } from "node:fs";
import { ShimError } from "../errors/shim-error.ts";
import type { ChildProcess, Runtime } from "../sys/runtime.ts";
import { type Answer, readAnswer } from "./readiness.ts";

/** The fd on which a daemon that a launcher started tells how its own start went. */
const READY_FD = 3;
/** Set by the launcher. Without it fd 3 is whatever the runtime has there, its event loop for one. */
const READY_VARIABLE = "UVM_SHIM_READY_FD";

export interface Launched {
  readonly child: ChildProcess;
  /** What the daemon tells of its start. Never rejects. */
  readonly answer: Promise<Answer>;
  /** Gives up the way that the answer takes. Idempotent. */
  close(): void;
}

/** Starts the daemon: a session of its own, and of ours nothing but the way of its answer. */
export async function spawnDaemon(
  runtime: Pick<Runtime, "spawn" | "listen">,
  command: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Launched> {
  const child = runtime.spawn(command, {
    cwd,
    env: { ...env, [READY_VARIABLE]: String(READY_FD) },
    stdio: ["null", "null", "null", "pipe"],
    detached: true,
  });
  const channel = child.pipes[READY_FD];
  if (channel === undefined) throw new ShimError("internal", "the daemon was started without its channel");
  return { child, answer: readAnswer(channel), close: () => channel.destroy() };
}

/**
 * The daemon's side of the answer; nothing where it was not started by a launcher. Throws EPIPE where the launcher is
 * gone: then nobody will ever dial.
 */
export async function sendAnswer(answer: Exclude<Answer, { kind: "nothing" }>): Promise<void> {
  if (process.env[READY_VARIABLE] !== String(READY_FD)) return;
  // The containers' runtime and loggers inherit the environment.
  delete process.env[READY_VARIABLE];
  try {
    writeSync(READY_FD, `${JSON.stringify(answer)}\n`);
  } finally {
    closeSync(READY_FD);
  }
}
