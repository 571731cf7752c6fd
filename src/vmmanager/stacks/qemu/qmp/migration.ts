import { ShimError } from "../../../../errors/shim-error.ts";
import { excerpt } from "../../../guest-console.ts";
import type { QmpClient } from "./client.ts";

/**
 * Writes the VM's state to the URI, and resolves when it is complete. The VM is to be stopped before, and the capability
 * "events" set. Rejects with QEMU's reason, or with the signal's: the migration is then cancelled.
 */
export function migrate(client: QmpClient, uri: string, options?: { signal?: AbortSignal }): Promise<void> {
  return run(client, "migrate", uri, options?.signal);
}

/** Reads a VM's state into a QEMU that was started with `-incoming defer`; the VM stands still afterwards. As `migrate`. */
export function migrateIncoming(client: QmpClient, uri: string, options?: { signal?: AbortSignal }): Promise<void> {
  return run(client, "migrate-incoming", uri, options?.signal);
}

const over = ["completed", "failed", "cancelled"];

async function run(
  client: QmpClient,
  command: "migrate" | "migrate-incoming",
  uri: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const settled = new AbortController();
  const either = AbortSignal.any([settled.signal, ...(signal ? [signal] : [])]);
  const outcome = client.next("MIGRATION", { where: ({ status }) => over.includes(status), signal: either });
  // The command may fail first; nobody waits for this then.
  outcome.catch(() => undefined);
  try {
    await client.execute(command, { uri }, { signal: either });
    const { status } = await outcome;
    if (status === "completed") return;
    const { errorDesc } = await client.execute("query-migrate", undefined, { signal: either });
    throw new ShimError("internal", `${command} of ${uri} ${status}: ${excerpt(errorDesc ?? "QEMU gives no reason")}`);
  } catch (error) {
    // An incoming one can't be cancelled: its QEMU is of no use any more. Not waited for: a QEMU that hangs never answers.
    if (signal?.aborted && command === "migrate") void client.execute("migrate_cancel").catch(() => undefined);
    throw error;
  } finally {
    settled.abort(new ShimError("canceled", `${command} of ${uri} is settled`));
  }
}
