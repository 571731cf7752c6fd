import { checkStack } from "#os/cmd/containerd-shim-uvm-v1/check-stack.ts";
import { runtime } from "#runtime";
import type { Settings } from "../../src/config/settings.ts";
import { failedPrecondition } from "../../src/errors/shim-error.ts";
import { failpoint } from "../../src/failpoint/failpoint.ts";
import type { RunningDaemon } from "../../src/shim/daemon.ts";
import type { Flags } from "../../src/shim/flags.ts";
import { letLauncherGo, standAlone, takeLauncher } from "../../src/shim/launch.ts";
import type { SpareKeeper } from "../../src/shim/spare/keeper.ts";
import { removeStart, start, type UnservedPod } from "../../src/shim/start.ts";
import { readStdin } from "../../src/shim/stdin.ts";
import { serveDaemon } from "./daemon.ts";
import { print } from "./print.ts";

let forgotten = false;

/** Garbage first: the pages that its collection reads are dropped with the others. */
async function trim(): Promise<void> {
  // Loaded late: nothing of it is needed to serve.
  const { trimResidentMemory } = await import("../../src/sys/resident-memory.ts");
  // Most code is a start's. Once: what is called from time to time would otherwise be read again each time.
  if (!forgotten) runtime.forgetCode();
  forgotten = true;
  runtime.heapInUse();
  trimResidentMemory();
}

/** Undefined where none are to wait. What this daemon starts is in its cgroup: in one of its own, no launcher is. */
async function spareKeeper(
  flags: Flags,
  settings: Settings,
  { cgroup, log }: Pick<UnservedPod, "cgroup" | "log">,
): Promise<SpareKeeper | undefined> {
  if (settings.spareDaemons === 0 || cgroup !== "") return undefined;
  const { SpareKeeper } = await import("../../src/shim/spare/keeper.ts");
  return new SpareKeeper({ runtime, settings, address: flags.address, log });
}

/** The action `start` is the launcher's, which then runs this program without one. */
export async function startAction(_flags: Flags): Promise<number> {
  throw failedPrecondition("start is the launcher's: run the script containerd-shim-uvm-v1 that runs this executable");
}

/** No action: `start`, in the process that serves the pod from then on (-1), unless another does already (0). */
export async function daemonAction(flags: Flags, launcher = takeLauncher()): Promise<number> {
  if (launcher === undefined) {
    throw failedPrecondition("this process has no launcher to answer: run the shim with the action start");
  }
  const serving: { daemon?: RunningDaemon | undefined; prepare?: () => void } = {};
  try {
    const reply = await start({
      ...{ runtime, flags, stdin: readStdin(), bundle: process.cwd(), env: process.env, checkStack },
      async serve({ record, cgroup, log }) {
        await standAlone(launcher, { cgroup, log });
        const spares = await spareKeeper(flags, record.settings, { cgroup, log });
        Object.assign(serving, await serveDaemon(flags, record, { trim: () => void trim(), spares }));
      },
    });
    if (globalThis.UVM_SHIM_FAILPOINTS) await failpoint("start.reply");
    print(reply);
    if (serving.daemon === undefined) return 0;
    letLauncherGo(launcher);
  } catch (error) {
    if (serving.daemon !== undefined) {
      await serving.daemon.withdraw();
      removeStart(process.cwd());
    }
    throw error;
  }
  serving.prepare?.();
  return -1;
}
