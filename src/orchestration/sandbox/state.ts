import { defineStates, type Each } from "../state-table.ts";
import type { CreateSandbox, SandboxExit } from "./ports.ts";

export const sandboxStates = defineStates({
  resource: "sandbox",
  initial: "not-created",
  states: {
    "not-created": { on: { create: "created", shutdown: "ended" }, mend: "create it first" },
    created: { on: { start: "starting", stop: "stopping" }, mend: "start it first" },
    // A stop waits for its outcome.
    starting: { on: { started: "ready", startFailed: "stopped" }, mend: "wait for its start" },
    ready: { on: { use: "ready", stop: "stopping", lost: "stopped" } },
    stopping: { on: { stopped: "stopped" }, mend: "wait for its end" },
    stopped: { on: { shutdown: "ended" }, mend: "it can only be shut down" },
    ended: { on: { shutdown: "ended" }, mend: "a new one needs a shim of its own" },
  },
} as const);

interface Made {
  readonly request: CreateSandbox;
  readonly createdAt: Date;
}

export type SandboxState =
  | { readonly name: "not-created" }
  | { readonly name: "ended" }
  | Each<"created" | "starting", Made>
  | Each<"ready" | "stopping", Made & { readonly pid: number }>
  | ({ readonly name: "stopped"; readonly pid: number; readonly exit: SandboxExit } & Made);
