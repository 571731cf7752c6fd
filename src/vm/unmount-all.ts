import { Mount } from "../generated/containerd/vminitd/services/mount/v1.ts";
import type { Logger } from "../log/logger.ts";
import type { RunningVm } from "./boot.ts";

/** A guest that does not answer is ended all the same. */
const UNMOUNT_MS = 10_000;

/** Has the guest write back what it holds. What it can't unmount, or a guest that is gone, is only told. */
export async function unmountAll({ client }: RunningVm, log: Logger): Promise<void> {
  try {
    await client.service(Mount).unmountAll({}, { timeout: UNMOUNT_MS });
  } catch (error) {
    log.warn("the guest has not unmounted all before its end", { error });
  }
}
