import { AGENT_STREAM_PORT } from "../../transport/agent/ports.ts";
import type { GuestSockets } from "../../transport/sockets.ts";
import { tryDial } from "../redial.ts";
import type { StreamTable } from "./stream-table.ts";

/** Connections that wait for the host to name them: so many streams begin without the round trip of a dial. */
const SPARES = 2;

/**
 * On the guest channel only the guest dials, but it is the host that wants a stream: so connections stand by, and each that
 * the host has begun to name is replaced. Resolves after the abort.
 */
export async function acceptStreams(
  sockets: GuestSockets,
  table: StreamTable,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const standBy = async (): Promise<void> => {
    while (!signal.aborted) {
      const connection = await tryDial(sockets, AGENT_STREAM_PORT, signal);
      if (connection === undefined) continue;
      await new Promise<void>((next) => void table.admit(connection, { begun: next, signal }).then(next));
    }
  };
  await Promise.all(Array.from({ length: SPARES }, standBy));
}
