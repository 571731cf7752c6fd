import { defineStates, type Each } from "../state-table.ts";

export const networkStates = defineStates({
  resource: "network",
  initial: "not-configured",
  states: {
    "not-configured": { on: { setup: "configuring", teardown: "torn-down" } },
    configuring: {
      on: { setup: "configuring", configured: "configured", setupFailed: "not-configured", setupLeaked: "invalid" },
      mend: "wait until it is configured",
    },
    configured: { on: { setup: "configured", teardown: "tearing-down" } },
    invalid: { on: { teardown: "tearing-down" }, mend: "only its teardown is left" },
    "tearing-down": { on: { tornDown: "torn-down", teardownFailed: "invalid" } },
    "torn-down": { on: { teardown: "torn-down" }, mend: "its VM is gone" },
  },
} as const);

export interface JoinedNamespace {
  /** Its path. */
  readonly namespace: string;
  /** Which one it is, whatever its path. */
  readonly identity: string;
}

export type NetworkState =
  | Each<"not-configured" | "invalid" | "tearing-down" | "torn-down", object>
  | Each<"configuring" | "configured", JoinedNamespace>;
