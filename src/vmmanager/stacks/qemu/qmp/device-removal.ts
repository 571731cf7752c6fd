import { failedPrecondition, isKind, ShimError } from "../../../../errors/shim-error.ts";
import type { QmpClient } from "./client.ts";
import { QmpCommandError } from "./qmp-error.ts";

/**
 * Unplugs a device: asks the guest, and resolves when QEMU has let it go, so that its backend (blockdev, netdev,
 * chardev, object) can be removed. A device that is not there counts as removed; one whose removal was asked before is
 * waited for. Rejects with failed-precondition when the guest refuses, or with the signal's reason when it does not answer:
 * the request stands in QEMU, and this may be called again.
 */
export async function removeDevice(client: QmpClient, id: string, options?: { signal?: AbortSignal }): Promise<void> {
  const settled = new AbortController();
  const signal = AbortSignal.any([settled.signal, ...(options?.signal ? [options.signal] : [])]);
  const where = ({ device }: { device: string | undefined }): boolean => device === id;
  const deleted = client.next("DEVICE_DELETED", { where, signal });
  const refused = client.next("DEVICE_UNPLUG_GUEST_ERROR", { where, signal }).then(() => {
    throw failedPrecondition(`device ${id} is in use by the guest; cannot remove it: release it in the guest first`);
  });
  const outcome = Promise.race([deleted, refused]);
  // The command may fail first; nobody waits for these then.
  for (const promise of [deleted, refused, outcome]) promise.catch(() => undefined);
  try {
    await client.execute("device_del", { id }, { signal });
    await outcome;
  } catch (error) {
    if (isKind(error, "not-found")) return;
    if (!isUnderWay(error)) throw error;
    await outcome;
  } finally {
    settled.abort(new ShimError("canceled", `the removal of device ${id} is settled`));
  }
}

function isUnderWay(error: unknown): boolean {
  if (!(error instanceof ShimError) || !(error.cause instanceof QmpCommandError)) return false;
  return error.cause.desc.includes("already in the process of unplug");
}
