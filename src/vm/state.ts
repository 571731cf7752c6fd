import { defineStates, type Each } from "../orchestration/state-table.ts";
import type { RunningVm } from "./boot.ts";

/**
 * Life of an instance. `stream` is asked for early as well: it waits for the start. Whatever went wrong, and when,
 * `shutdown` is what is left, and gives everything back.
 */
export const instanceStates = defineStates({
  resource: "instance",
  initial: "configuring",
  states: {
    configuring: {
      on: { configure: "configuring", start: "starting", stream: "configuring", shutdown: "shutting-down" },
      mend: "start it first",
    },
    starting: {
      on: { stream: "starting", started: "running", startFailed: "failed", shutdown: "shutting-down" },
      mend: "wait for its start",
    },
    running: {
      on: { stream: "running", client: "running", ended: "ended", shutdown: "shutting-down" },
      mend: "it is configured before its start, and started once",
    },
    failed: { on: { shutdown: "shutting-down" }, mend: "shut it down, and make a new one" },
    ended: { on: { shutdown: "shutting-down" }, mend: "shut it down, and make a new one" },
    "shutting-down": { on: { shutdown: "shutting-down", released: "shut-down" }, mend: "make a new one" },
    "shut-down": { on: { shutdown: "shut-down" }, mend: "make a new one" },
  },
} as const);

export type InstanceState =
  | Each<"configuring" | "starting" | "shut-down", object>
  | { readonly name: "running"; readonly vm: RunningVm }
  /** Why its start failed. */
  | { readonly name: "failed"; readonly cause: Error }
  /** How its VM ended. Processes beside it may be left. */
  | { readonly name: "ended"; readonly vm: RunningVm; readonly cause: Error }
  | { readonly name: "shutting-down"; readonly vm: RunningVm | undefined };
