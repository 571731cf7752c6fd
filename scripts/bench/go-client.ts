/** Calls by one and the same Go client, on containerd's ttrpc (test/peers/bench), to any server. */
import { PidsRequest, StateRequest, StatsRequest } from "../../src/generated/containerd/task/v2.ts";
import { runOk } from "../../test/harness/command.ts";

export const GO_BENCH = "out/peers/ttrpc-bench";

/** What the Go client prints. */
export interface Calls {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly perSecond: number;
}

export interface Load {
  readonly service: string;
  readonly method: string;
  readonly request: Uint8Array;
  readonly count: number;
  readonly inFlight: number;
}

export async function goCalls(socket: string, { service, method, request, count, inFlight }: Load): Promise<Calls> {
  const hex = Buffer.from(request).toString("hex");
  const argv = [GO_BENCH, "call", socket, service, method, hex, String(count), String(inFlight)];
  return JSON.parse((await runOk(argv)).stdout) as Calls;
}

const requests = {
  State: (id: string) => StateRequest.encode(StateRequest.create({ id })),
  Pids: (id: string) => PidsRequest.encode(PidsRequest.create({ id })),
  Stats: (id: string) => StatsRequest.encode(StatsRequest.create({ id })),
};

export type TaskCall = keyof typeof requests;

/** Calls of a shim's task service about a container. */
export async function taskCalls(
  socket: string,
  id: string,
  method: TaskCall,
  count: number,
  inFlight = 1,
): Promise<Calls> {
  const load = { service: "containerd.task.v2.Task", method, request: requests[method](id), count, inFlight };
  return await goCalls(socket, load);
}
