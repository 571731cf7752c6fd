import { readdirSync } from "node:fs";
import type { Command } from "commander";
import { notFound } from "../../src/errors/shim-error.ts";
import { type DaemonRecord, readDaemonRecord, stateDirectoryOf } from "../../src/shim/records.ts";
import { startTime } from "../../src/sys/process.ts";
import type { Client } from "../../src/ttrpc/client.ts";
import { connect } from "../../src/ttrpc/socket.ts";
import { runDirectoryOf, type Session, vmDirectoryOf } from "./session.ts";

export interface RunningPod extends DaemonRecord {
  readonly namespace: string;
  readonly id: string;
}

/** The argument of all that look into one. */
export const POD = ["<pod>", "NAMESPACE/ID, or the path of a shim's socket"] as const;

/** The pods whose daemon runs, over all namespaces, by their records. */
export function runningPods(runDirectory: string): RunningPod[] {
  return entries(runDirectory).flatMap((namespace) =>
    entries(`${runDirectory}/${namespace}`).flatMap((id) => {
      const record = readDaemonRecord(stateDirectoryOf(runDirectory, namespace, id));
      // A record outlives a daemon that was killed, until the pod's delete or next start.
      if (record === undefined || startTime(record.pid) !== record.startTime) return [];
      return [{ ...record, namespace, id }];
    }),
  );
}

/** The argument of what a VM that was booted by hand answers as well. */
export const POD_OR_VM = [
  "<target>",
  "NAME of a VM that uvmctl booted, or as of a pod: NAMESPACE/ID, or a socket's path",
] as const;

/** As `withPod`; what has no slash is a VM's name. */
export async function withTarget<T>(
  target: string,
  command: Command,
  session: Session,
  work: (client: Client, socketPath: string) => Promise<T>,
): Promise<T> {
  if (target.includes("/")) {
    const path = socketOf(target, runDirectoryOf(command));
    return withClient(await connect(path), (client) => work(client, path));
  }
  const { keptVm } = await import("./keeper/records.ts");
  const { socketPath } = await keptVm(vmDirectoryOf(command), target, session);
  return withClient(await connect(socketPath), (client) => work(client, socketPath));
}

async function withClient<T>(client: Client, work: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** Connects to the shim of a pod for the time of `work`. Throws not-found, and unavailable where nobody listens. */
export async function withPod<T>(pod: string, runDirectory: string, work: (client: Client) => Promise<T>): Promise<T> {
  return withClient(await connect(socketOf(pod, runDirectory)), work);
}

function socketOf(pod: string, runDirectory: string): string {
  if (pod.startsWith("/")) return pod;
  const [namespace = "", id = ""] = pod.split("/");
  const record = readDaemonRecord(stateDirectoryOf(runDirectory, namespace, id));
  if (record === undefined) throw notFound(`no pod ${pod} under ${runDirectory}: uvmctl pods lists them`);
  return record.socketPath;
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}
