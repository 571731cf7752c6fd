import type { GuestContainer } from "../../guestmanager/guest.ts";
import { defineStates, type Each } from "../state-table.ts";
import type { ContainerVm } from "./ports.ts";

export const containerStates = defineStates({
  resource: "container",
  initial: "creating",
  states: {
    creating: { on: { created: "created", createFailed: "deleted" }, mend: "container must be created" },
    created: {
      on: {
        start: "starting",
        exec: "created",
        kill: "created",
        update: "created",
        stats: "created",
        initDied: "stopping",
        delete: "deleting",
      },
      mend: "its init process is not running, start it first",
    },
    starting: {
      on: {
        started: "running",
        startFailed: "created",
        exec: "starting",
        kill: "starting",
        stats: "starting",
        initDied: "stopping",
      },
      mend: "its init process is not running yet",
    },
    running: {
      on: {
        pause: "pausing",
        exec: "running",
        startExec: "running",
        kill: "running",
        update: "running",
        stats: "running",
        initDied: "stopping",
      },
      mend: "kill it first",
    },
    pausing: {
      on: { paused: "paused", pauseFailed: "running", kill: "pausing", stats: "pausing", initDied: "stopping" },
      mend: "wait until it is paused",
    },
    paused: {
      on: { resume: "resuming", kill: "paused", update: "paused", stats: "paused", initDied: "stopping" },
      mend: "resume it first",
    },
    resuming: {
      on: { resumed: "running", resumeFailed: "paused", kill: "resuming", stats: "resuming", initDied: "stopping" },
      mend: "wait until it is running",
    },
    // The init is dead; its output is drained and the other processes' exits are told before its own.
    stopping: { on: { stopped: "stopped", delete: "stopping" }, mend: "its init process is not running" },
    stopped: { on: { delete: "deleting" }, mend: "its init process is not running, delete it" },
    deleting: {
      on: {
        initDied: "deleting",
        stopped: "deleting",
        deleteAborted: "created",
        deleteFailed: "stopped",
        deleted: "deleted",
      },
      mend: "it is on its way out",
    },
    deleted: { on: {} },
  },
} as const);

/** How a restored container comes to its state: the table's own way. */
export const stepsTo = {
  created: [["created", "created"]],
  running: [
    ["created", "created"],
    ["start", "starting"],
    ["started", "running"],
  ],
  paused: [
    ["created", "created"],
    ["start", "starting"],
    ["started", "running"],
    ["pause", "pausing"],
    ["paused", "paused"],
  ],
  stopped: [
    ["created", "created"],
    ["initDied", "stopping"],
    ["stopped", "stopped"],
  ],
} as const;

/** The container as the guest holds it. */
export interface InGuest {
  readonly vm: ContainerVm;
  readonly guest: GuestContainer;
}

export type ContainerState =
  | { readonly name: "creating" }
  | Each<
      "created" | "starting" | "running" | "pausing" | "paused" | "resuming" | "stopping" | "stopped" | "deleting",
      InGuest
    >
  | { readonly name: "deleted" };
