import type { GuestConnection } from "../../transport/sockets.ts";
import type { DialStdio, StdioPorts } from "../host.ts";
import type { StdioCalls } from "./ports.ts";

/** The host's ends of one process's stdio; absent = /dev/null. */
export interface StdioConnections {
  readonly stdin?: GuestConnection | undefined;
  readonly stdout?: GuestConnection | undefined;
  readonly stderr?: GuestConnection | undefined;
}

/** Dials every port given; one that fails takes the others down and fails the call (reference: hcsshim 6.3). */
export async function dialStdio(
  dial: DialStdio,
  ports: StdioPorts,
  calls: Pick<StdioCalls, "closeFd">,
): Promise<StdioConnections> {
  const dialOne = (port: number | undefined) => (port === undefined ? Promise.resolve(undefined) : dial(port));
  const results = await Promise.allSettled([dialOne(ports.stdin), dialOne(ports.stdout), dialOne(ports.stderr)]);
  const [stdin, stdout, stderr] = results.map((result) => (result.status === "fulfilled" ? result.value : undefined));
  const failed = results.find((result) => result.status === "rejected");
  const connections = { stdin, stdout, stderr };
  if (failed === undefined) return connections;
  dropConnections(connections, calls);
  throw failed.reason;
}

export function dropConnections(connections: StdioConnections, calls: Pick<StdioCalls, "closeFd">): void {
  for (const connection of [connections.stdin, connections.stdout, connections.stderr]) {
    if (connection?.kind === "fd") calls.closeFd(connection.fd);
    else connection?.stream.destroy();
  }
}
