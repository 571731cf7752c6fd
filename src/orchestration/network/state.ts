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

/** `namespace`: the path of the one that is joined. */
export type NetworkState =
  | Each<"not-configured" | "invalid" | "tearing-down" | "torn-down", object>
  | Each<"configuring" | "configured", { readonly namespace: string }>;
