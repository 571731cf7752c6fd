/** Calls: both shims' task service, and both ttrpc servers. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "../../test/harness/command.ts";
import { socketPath } from "../../test/harness/leftovers.ts";
import { until } from "../../test/harness/until.ts";
import { type Calls, GO_BENCH, goCalls, type TaskCall, taskCalls } from "./go-client.ts";
import type { Metric } from "./metric.ts";
import type { Part } from "./part.ts";
import { inTurn, type Pair } from "./rounds.ts";
import { PEER_NAME, withContainers, withMachines } from "./shims.ts";

export const taskService: Part = {
  title: "Calls of the task service, stack `local`",
  about: "A Go client on containerd's ttrpc calls both shims; each has one container.",
  seconds: 240,
  async run(record, quick) {
    const rounds = quick ? 3 : 7;
    const calls = quick ? 2000 : 20_000;
    await withMachines((machines) =>
      withContainers(machines, "calls", async (ids) => {
        const run = (method: TaskCall, count: number, inFlight = 1) =>
          inTurn(rounds, (side) => {
            const { containerd, namespace } = machines[side];
            const socket = socketPath(containerd.address, namespace, ids[side]);
            return taskCalls(socket, ids[side], method, count, inFlight);
          });
        await record.measure("State, one after the other", 60, async () => {
          const state = await run("State", calls);
          return [
            latency("state-p50", "State, one after the other, median", state, "p50Us"),
            latency("state-p99", "State, the slowest of 100", state, "p99Us"),
          ];
        });
        await record.measure("State, 64 in flight", 60, async () => [
          rate("state-rate", "State, 64 in flight", await run("State", calls * 4, 64)),
        ]);
        await record.measure("Pids", 60, async () => [
          latency("pids-p50", "Pids, median", await run("Pids", Math.ceil(calls / 40)), "p50Us"),
        ]);
        await record.measure("Stats", 60, async () => [
          latency("stats-p50", "Stats, median", await run("Stats", Math.ceil(calls / 20)), "p50Us"),
        ]);
      }),
    );
  },
};

export const ttrpcEcho: Part = {
  title: "ttrpc alone",
  about: "Our server on Bun and containerd's Go server echo 64 bytes to a Go client.",
  seconds: 120,
  async run(record, quick) {
    const rounds = quick ? 3 : 7;
    const calls = quick ? 2000 : 20_000;
    const directory = mkdtempSync(join(tmpdir(), "uvm-bench-"));
    const sockets: Pair<string> = { ours: join(directory, "ours.sock"), peer: join(directory, "go.sock") };
    const bun = `node_modules/@oven/bun-linux-${process.arch === "arm64" ? "aarch64" : "x64"}/bin/bun`;
    const servers = [
      start([bun, "scripts/bench/echo-server.ts", sockets.ours]),
      start([GO_BENCH, "server", sockets.peer], { env: { GOMAXPROCS: "4" } }),
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
      const run = (count: number, inFlight: number) =>
        inTurn(rounds, (side) =>
          goCalls(sockets[side], { service: "bench.Echo", method: "Echo", request, count, inFlight }),
        );
      await record.measure("echo, one after the other", 60, async () => {
        const one = await run(calls, 1);
        return [
          latency("echo-p50", "echo, one after the other, median", one, "p50Us", "Go ttrpc"),
          latency("echo-p99", "echo, the slowest of 100", one, "p99Us", "Go ttrpc"),
        ];
      });
      await record.measure("echo, 64 in flight", 60, async () => [
        rate("echo-rate", "echo, 64 in flight", await run(calls * 4, 64), "Go ttrpc"),
      ]);
    } finally {
      for (const server of servers) server.kill("SIGTERM");
      for (const server of servers) await server.result(10_000);
      rmSync(directory, { recursive: true });
    }
  },
};

function latency(id: string, title: string, calls: Pair<Calls[]>, key: "p50Us" | "p99Us", peer = PEER_NAME): Metric {
  const values = (side: "ours" | "peer"): number[] => calls[side].map((each) => each[key]);
  return { id, title, unit: "µs", ours: values("ours"), peer: { name: peer, values: values("peer") } };
}

function rate(id: string, title: string, calls: Pair<Calls[]>, peer = PEER_NAME): Metric {
  const values = (side: "ours" | "peer"): number[] => calls[side].map((each) => each.perSecond / 1000);
  return { id, title, unit: "1000/s", ours: values("ours"), peer: { name: peer, values: values("peer") } };
}
