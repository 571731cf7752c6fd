import type { GuestProcess } from "../../guestmanager/guest.ts";
import { defineStates, type Each } from "../state-table.ts";

export const processStates = defineStates({
  resource: "process",
  initial: "created",
  states: {
    created: {
      on: { made: "created", start: "starting", resize: "created", exited: "exiting", delete: "deleted" },
      mend: "process not created, start it first",
    },
    // An exit that is known before the start is answered waits for the answer: start is told before exit.
    starting: {
      on: { started: "running", startFailed: "created", resize: "starting" },
      mend: "wait for its start",
    },
    running: { on: { kill: "running", resize: "running", exited: "exiting" }, mend: "kill it first" },
    // Dead, while its output is drained and what must be told before its exit is told.
    exiting: { on: { reported: "exited", resize: "exiting" }, mend: "process already finished" },
    exited: { on: { delete: "deleted" }, mend: "process already finished" },
    deleted: { on: {} },
  },
} as const);

export interface ProcessExit {
  /** 0-255, or 128 + signal; 255 where the guest went before it could tell. */
  readonly status: number;
  readonly at: Date;
}

export type ProcessStateData =
  | Each<"created" | "starting", { readonly pid: number }>
  | { readonly name: "running"; readonly pid: number; readonly process: GuestProcess }
  | Each<"exiting" | "exited", { readonly pid: number; readonly exit: ProcessExit }>
  | { readonly name: "deleted"; readonly pid: number; readonly exit: ProcessExit | undefined };
