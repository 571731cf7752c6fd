import { ShimError, unavailable } from "../errors/shim-error.ts";
import type { ChildProcess, Runtime } from "../sys/runtime.ts";
import { daemonArguments } from "./daemon-arguments.ts";
import type { Flags } from "./flags.ts";
import { childEnvironment, ownCommand } from "./identity.ts";
import type * as linux from "./launch.ts";
import type { Answer } from "./readiness.ts";
import type { BundleRecord } from "./records.ts";
import { removeRemains } from "./remains.windows.ts";
import { spawnDaemon } from "./spawn-daemon.windows.ts";

/** Boot of the daemon to its answering pipe: a second, and there for one that hangs. A host that is busy takes 10 s and more. */
const READY_TIMEOUT_MS = 60_000;

interface SpawnContext {
  readonly runtime: Runtime;
  readonly flags: Flags;
  readonly bundle: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly record: BundleRecord;
}

/** Resolves when a daemon that this starts serves the pod, or has found that another one does. */
export async function serveByChild({ runtime, flags, bundle, env, record }: SpawnContext): Promise<void> {
  const command = [...ownCommand(), ...daemonArguments(flags)];
  const { child, answer, close } = await spawnDaemon(runtime, command, { cwd: bundle, env: childEnvironment(env) });
  try {
    await ready(child, answer);
  } catch (error) {
    child.kill(9);
    await child.exited;
    await removeRemains(runtime, record);
    throw error;
  } finally {
    close();
  }
}

/** Rejects with what the daemon says, or that it died. */
async function ready(child: ChildProcess, answered: Promise<Answer>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(unavailable(`the shim's daemon is not ready after ${READY_TIMEOUT_MS / 1000} s`)),
      READY_TIMEOUT_MS,
    );
  });
  try {
    const answer = await Promise.race([answered, late]);
    if (answer.kind === "failed") throw new ShimError(answer.error, answer.message);
    if (answer.kind === "nothing") {
      const { code, signal } = await Promise.race([child.exited, late]);
      const how = signal === undefined ? `exit code ${code}` : `signal ${signal}`;
      throw unavailable(`the shim's daemon ended before it was ready (${how}): see containerd's log`);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** What runs before this program is no shell here: `delete` looks for itself. */
export const writeDeleted: typeof linux.writeDeleted = () => {};
export const removeDeleted: typeof linux.removeDeleted = () => {};
