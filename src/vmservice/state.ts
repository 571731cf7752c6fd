import { defineStates, type Each } from "../orchestration/state-table.ts";
import type { MadeVm } from "./made-vm.ts";

const teardown = "tearing-down";

/** The one VM of the service. `halt` is the guest's own end, or its process's. */
export const servedVmStates = defineStates({
  resource: "served VM",
  initial: "uninitialized",
  states: {
    uninitialized: { on: { create: "creating", quit: "over" }, mend: "CreateVM makes one" },
    creating: {
      on: { created: "paused", createFailed: "uninitialized", teardown },
      mend: "wait until CreateVM has answered",
    },
    paused: { on: { resume: "resuming", pause: "paused", modify: "paused", wait: "paused", halt: "halted", teardown } },
    resuming: { on: { resumed: "running", resumeFailed: "paused", wait: "resuming", halt: "halted", teardown } },
    running: {
      on: { pause: "pausing", resume: "running", modify: "running", wait: "running", halt: "halted", teardown },
    },
    pausing: { on: { paused: "paused", pauseFailed: "running", wait: "pausing", halt: "halted", teardown } },
    halted: { on: { wait: "halted", teardown }, mend: "TeardownVM releases it" },
    // The server is about to end.
    over: { on: {}, mend: "start another server" },
    "tearing-down": { on: { teardown, tornDown: "uninitialized" }, mend: "wait until TeardownVM has answered" },
  },
});

type Living = Each<"paused" | "resuming" | "running" | "pausing", { readonly vm: MadeVm }>;

export type ServedVmState =
  | { readonly name: "uninitialized" }
  | { readonly name: "creating" }
  | Living
  | { readonly name: "halted"; readonly vm: MadeVm; readonly reason: string }
  | { readonly name: "tearing-down" }
  | { readonly name: "over" };
