import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ShimError } from "../../../src/errors/shim-error.ts";
import { ShimDiag } from "../../../src/generated/containerd/runhcs/v1/diag.ts";
import { Task } from "../../../src/generated/containerd/task/v2.ts";
import { Status } from "../../../src/generated/containerd/v1/types.ts";
import { stateDirectoryOf } from "../../../src/shim/records.ts";
import type { Client } from "../../../src/ttrpc/client.ts";
import { connect } from "../../../src/ttrpc/socket.ts";
import { readVmProcesses } from "../../../src/vmmanager/vm-processes.ts";
import { type RunningPod, runningPods } from "../targets.ts";
import { type ContainerUsage, usageOfMetrics } from "./container-usage.ts";
import { ageOf, type HostUsage, usageOf } from "./host-usage.ts";

/** A daemon that does not answer in this time is told as such, and the others are told all the same. */
const ANSWER_MS = 10_000;

export interface PodView {
  readonly namespace: string;
  readonly pod: string;
  readonly stack: string;
  /** The daemon's. */
  readonly pid: number;
  readonly ageSeconds: number;
  /** Of the daemon and its VM on this host. */
  readonly host: HostUsage;
  /** Processor seconds and memory of all of it: on stack local the containers are beside the daemon, in a VM they are in it. */
  readonly total: { readonly cpuSeconds: number; readonly memoryBytes: number };
  readonly containers: readonly ContainerView[];
  /** Why its daemon told nothing. */
  readonly problem?: string;
}

export interface ContainerView {
  readonly id: string;
  readonly status: string;
  readonly pid: number;
  readonly ageSeconds?: number;
  /** Undefined where it has none (it has ended) or does not tell. */
  readonly usage?: ContainerUsage;
  readonly execs: readonly { readonly id: string; readonly status: string; readonly pid: number }[];
}

/** All pods of this host, as their records and sockets tell of them at one time. */
export async function inspectPods(runDirectory: string): Promise<PodView[]> {
  return await Promise.all(runningPods(runDirectory).map((pod) => inspect(pod, runDirectory)));
}

async function inspect(record: RunningPod, runDirectory: string): Promise<PodView> {
  const { namespace, id: pod, stack, pid, startTime } = record;
  const processes = readVmProcesses(stateDirectoryOf(runDirectory, namespace, pod));
  const own = { namespace, pod, stack, pid, ageSeconds: ageOf(startTime), host: usageOf([record, ...processes]) };
  try {
    const containers = await ask(record);
    const beside = stack === "local" ? containers.map(({ usage }) => usage) : [];
    return { ...own, total: sum([own.host, ...beside]), containers };
  } catch (error) {
    return { ...own, total: sum([own.host]), containers: [], problem: ShimError.from(error).message };
  }
}

async function ask(record: RunningPod): Promise<ContainerView[]> {
  const call = { signal: AbortSignal.timeout(ANSWER_MS) };
  const client = await connect(record.socketPath, call);
  try {
    const { tasks } = await client.service(ShimDiag).diagTasks({ execs: true }, call);
    return await Promise.all(tasks.map(({ id, execs }) => askContainer(client, record, id, execs, call)));
  } finally {
    client.close();
  }
}

async function askContainer(
  client: Client,
  record: RunningPod,
  id: string,
  execs: readonly { readonly id: string }[],
  call: { readonly signal: AbortSignal },
): Promise<ContainerView> {
  const task = client.service(Task);
  // One that is deleted meanwhile, or has ended, has no statistics: no reason to tell nothing of the rest.
  const state = async (execId: string) => {
    const found = await task.state({ id, execId }, call).catch(() => undefined);
    return { status: statusName(found?.status), pid: found?.pid ?? 0 };
  };
  const stats = task.stats({ id }, call).catch(() => undefined);
  const [own, metrics, ...others] = await Promise.all([
    state(""),
    stats,
    ...execs.map(async (exec) => ({ id: exec.id, ...(await state(exec.id)) })),
  ]);
  const usage = usageOfMetrics(metrics?.stats);
  const age = ageOfContainer(record.bundle, id);
  return {
    ...{ id, ...own, execs: others },
    ...(age !== undefined && { ageSeconds: age }),
    ...(usage !== undefined && { usage }),
  };
}

/** Since its start was asked for: its shim has left a record in its bundle then, beside that of the pod's first container. */
function ageOfContainer(firstBundle: string, id: string): number | undefined {
  try {
    return Math.max(0, (Date.now() - statSync(join(dirname(firstBundle), id, "uvm-shim.json")).mtimeMs) / 1000);
  } catch {
    return undefined;
  }
}

function statusName(status: number | undefined): string {
  const name = Object.entries(Status).find(([, value]) => value === status)?.[0];
  return name?.toLowerCase() ?? "unknown";
}

function sum(parts: readonly (HostUsage | ContainerUsage | undefined)[]): PodView["total"] {
  const of = (name: "cpuSeconds" | "memoryBytes"): number => parts.reduce((all, part) => all + (part?.[name] ?? 0), 0);
  return { cpuSeconds: of("cpuSeconds"), memoryBytes: of("memoryBytes") };
}
