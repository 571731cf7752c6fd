import type { Task } from "../../generated/containerd/task/v3.ts";

type Method = keyof (typeof Task)["methods"];

/**
 * How long each RPC may take, in ms, where its client does not say less: a wedged guest costs this much and no more.
 * The layers below bound their own steps; this is the last resort, so it lies above their sum.
 */
export const rpcBudgets: Readonly<Record<Method, number | "unbounded">> = {
  State: 2_000,
  Create: 180_000,
  Start: 70_000,
  Delete: 60_000,
  Pids: 4_000,
  Pause: 15_000,
  Resume: 15_000,
  Checkpoint: 150_000,
  Kill: 20_000,
  Exec: 5_000,
  ResizePty: 15_000,
  CloseIO: 2_000,
  Update: 15_000,
  // The one that is meant to last as long as the process.
  Wait: "unbounded",
  Stats: 15_000,
  Connect: 2_000,
  Shutdown: 2_000,
};
