/** Calls: both shims' task service, and both ttrpc servers, each under one and the same Go client (test/peers/bench). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PidsRequest, StateRequest, StatsRequest } from "../../src/generated/containerd/task/v2.ts";
import { runOk, start } from "../../test/harness/command.ts";
import { socketPath } from "../../test/harness/leftovers.ts";
import { until } from "../../test/harness/until.ts";
import type { Metric, Section } from "./metric.ts";
import { inTurn, type Pair, PEER_NAME, withMachines } from "./shims.ts";

const GO = "out/peers/ttrpc-bench";
const TASK = "containerd.task.v2.Task";

/** What the Go client prints. */
interface Calls {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly perSecond: number;
}

interface Load {
  readonly service: string;
  readonly method: string;
  readonly request: Uint8Array;
  readonly count: number;
  readonly inFlight: number;
}

export async function benchTaskCalls(rounds: number, calls: number): Promise<Section> {
  return await withMachines(async (machines) => {
    const sides = ["ours", "peer"] as const;
    const ids: Pair<string> = { ours: machines.ours.id("calls"), peer: machines.peer.id("calls") };
    for (const side of sides) await machines[side].ctr.runDetached(ids[side], ["sleep", "1000"]);
    try {
      const socket = (side: "ours" | "peer"): string => {
        const { containerd, namespace } = machines[side];
        return socketPath(containerd.address, namespace, ids[side]);
      };
      const load = (side: "ours" | "peer", method: string, count: number, inFlight: number): Load => {
        const id = ids[side];
        const request =
          method === "State"
            ? StateRequest.encode(StateRequest.create({ id }))
            : method === "Pids"
              ? PidsRequest.encode(PidsRequest.create({ id }))
              : StatsRequest.encode(StatsRequest.create({ id }));
        return { service: TASK, method, request, count, inFlight };
      };
      const run = (method: string, count: number, inFlight: number) =>
        compare(rounds, async (side) => await goCalls(socket(side), load(side, method, count, inFlight)));
      const state = await run("State", calls, 1);
      const many = await run("State", calls * 4, 64);
      const pids = await run("Pids", Math.ceil(calls / 20), 1);
      const stats = await run("Stats", Math.ceil(calls / 10), 1);
      return {
        title: "Calls of the task service, stack `local`",
        about: "A Go client on containerd's ttrpc calls both shims; each has one container.",
        metrics: [
          latency("state-p50", "State, one after the other, median", state, "p50Us"),
          latency("state-p99", "State, the slowest of 100", state, "p99Us"),
          rate("state-rate", "State, 64 in flight", many),
          latency("pids-p50", "Pids, median", pids, "p50Us"),
          latency("stats-p50", "Stats, median", stats, "p50Us"),
        ],
      };
    } finally {
      for (const side of sides) await machines[side].ctr.remove(ids[side]);
    }
  });
}

export async function benchEcho(rounds: number, calls: number): Promise<Section> {
  const directory = mkdtempSync(join(tmpdir(), "uvm-bench-"));
  const sockets: Pair<string> = { ours: join(directory, "ours.sock"), peer: join(directory, "go.sock") };
  const bun = `node_modules/@oven/bun-linux-${process.arch === "arm64" ? "aarch64" : "x64"}/bin/bun`;
  const servers = [
    start([bun, "scripts/bench/echo-server.ts", sockets.ours]),
    start([GO, "server", sockets.peer], { env: { GOMAXPROCS: "4" } }),
  ];
  try {
    for (const server of servers) {
      await until("an echo server listens", () => {
        if (server.ended()) throw new Error(`an echo server ended: ${server.stderr()}`);
        return server.stdout().includes("listening");
      });
    }
    // An Any whose value has 64 bytes.
    const request = Uint8Array.from([0x12, 64, ...new Array<number>(64).fill(7)]);
    const load = (count: number, inFlight: number): Load => ({
      ...{ service: "bench.Echo", method: "Echo", request, count, inFlight },
    });
    const one = await compare(rounds, (side) => goCalls(sockets[side], load(calls, 1)));
    const many = await compare(rounds, (side) => goCalls(sockets[side], load(calls * 4, 64)));
    return {
      title: "ttrpc alone",
      about: "Our server on Bun and containerd's Go server echo 64 bytes to a Go client.",
      metrics: [
        latency("echo-p50", "echo, one after the other, median", one, "p50Us", "Go ttrpc"),
        latency("echo-p99", "echo, the slowest of 100", one, "p99Us", "Go ttrpc"),
        rate("echo-rate", "echo, 64 in flight", many, "Go ttrpc"),
      ],
    };
  } finally {
    for (const server of servers) server.kill("SIGTERM");
    for (const server of servers) await server.result(10_000);
    rmSync(directory, { recursive: true });
  }
}

async function compare(rounds: number, measure: (side: "ours" | "peer") => Promise<Calls>): Promise<Pair<Calls[]>> {
  const all: Pair<Calls[]> = { ours: [], peer: [] };
  await inTurn(rounds, async (side) => {
    all[side].push(await measure(side));
    return 0;
  });
  return all;
}

async function goCalls(socket: string, { service, method, request, count, inFlight }: Load): Promise<Calls> {
  const hex = Buffer.from(request).toString("hex");
  const argv = [GO, "call", socket, service, method, hex, String(count), String(inFlight)];
  return JSON.parse((await runOk(argv)).stdout) as Calls;
}

function latency(id: string, title: string, calls: Pair<Calls[]>, key: "p50Us" | "p99Us", peer = PEER_NAME): Metric {
  const values = (side: "ours" | "peer"): number[] => calls[side].map((each) => each[key]);
  return { id, title, unit: "µs", ours: values("ours"), peer: { name: peer, values: values("peer") } };
}

function rate(id: string, title: string, calls: Pair<Calls[]>, peer = PEER_NAME): Metric {
  const values = (side: "ours" | "peer"): number[] => calls[side].map((each) => each.perSecond / 1000);
  return { id, title, unit: "1000/s", ours: values("ours"), peer: { name: peer, values: values("peer") } };
}
