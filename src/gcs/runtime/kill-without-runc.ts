import { within } from "../../errors/within.ts";
import { errorCode } from "../../sys/sys-error.ts";

/** Milliseconds; it takes some tens. */
const RUNC_KILLS_MS = 1_000;

/** A SIGKILL needs no runc but for the thaw: the processes are killed without one that hangs. */
export async function killWithoutRunc(byRunc: Promise<void>, pids: () => readonly number[]): Promise<void> {
  if (
    await within(
      RUNC_KILLS_MS,
      byRunc.then(() => true),
    )
  )
    return;
  byRunc.catch(() => {});
  for (const pid of pids()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if (errorCode(error) !== "ESRCH") throw error;
    }
  }
}
