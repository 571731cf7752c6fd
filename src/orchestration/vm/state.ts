import type { VMExit } from "../../vmmanager/lifetime.ts";
import { defineStates, type Each } from "../state-table.ts";
import type { VmHost } from "./ports.ts";

export const vmStates = defineStates({
  resource: "vm",
  initial: "not-created",
  states: {
    "not-created": { on: { create: "creating", terminate: "terminated" }, mend: "create it first" },
    creating: { on: { created: "created", createFailed: "invalid" } },
    created: { on: { start: "starting", exited: "terminated", terminate: "terminating" }, mend: "start it first" },
    starting: {
      on: { started: "running", startFailed: "invalid", exited: "terminated", terminate: "terminating" },
      mend: "wait for its boot",
    },
    running: {
      on: { use: "running", pause: "pausing", save: "saving", exited: "terminated", terminate: "terminating" },
    },
    pausing: {
      on: { paused: "paused", pauseFailed: "running", exited: "terminated", terminate: "terminating" },
    },
    // Stands still while it is written. A failed save lets it go on.
    saving: {
      on: {
        saved: "paused",
        notPaused: "running",
        saveFailed: "resuming",
        saveFailedPaused: "paused",
        exited: "terminated",
        terminate: "terminating",
      },
      mend: "wait until it is saved",
    },
    paused: {
      on: { resume: "resuming", save: "saving", exited: "terminated", terminate: "terminating" },
      mend: "resume it first",
    },
    resuming: {
      on: { resumed: "running", resumeFailed: "paused", exited: "terminated", terminate: "terminating" },
    },
    invalid: { on: { exited: "terminated", terminate: "terminating" }, mend: "only its termination is left" },
    terminating: { on: { exited: "terminated", terminateFailed: "invalid", terminate: "terminating" } },
    terminated: { on: { terminate: "terminated" }, mend: "its containers can only be deleted" },
  },
} as const);

export type VmState =
  | { readonly name: "not-created" }
  | { readonly name: "creating" }
  | Each<"created" | "starting" | "running" | "pausing" | "paused" | "saving" | "resuming", { readonly host: VmHost }>
  | { readonly name: "invalid"; readonly host: VmHost | undefined; readonly cause: Error }
  | { readonly name: "terminating"; readonly host: VmHost | undefined }
  | { readonly name: "terminated"; readonly exit: VMExit };
