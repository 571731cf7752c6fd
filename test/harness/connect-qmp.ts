import { runtime } from "#runtime";
import { unavailable } from "../../src/errors/shim-error.ts";
import { QmpClient } from "../../src/vmmanager/stacks/qemu/qmp/client.ts";

/**
 * A client for the monitor at a unix socket (`-chardev socket,...,server=on` with `-mon mode=control`). Rejects with
 * unavailable where nobody listens (yet), otherwise as QmpClient.over. One client at a time: QEMU lets a second one wait.
 */
export async function connectQmp(path: string, options?: { signal?: AbortSignal }): Promise<QmpClient> {
  const stream = await runtime.connect(path, options).catch((cause) => {
    options?.signal?.throwIfAborted();
    throw unavailable(`QEMU's monitor ${path} does not answer; cannot connect`, cause);
  });
  return QmpClient.over(stream, options);
}
