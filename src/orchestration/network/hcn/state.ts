import type { HostComputeNamespace } from "../../../prot/resources/hcn.ts";
import { defineStates, type Each } from "../../state-table.ts";
import type { HcnVm } from "./ports.ts";

export const hcnNetworkStates = defineStates({
  resource: "hcn-network",
  initial: "not-configured",
  states: {
    "not-configured": { on: { setup: "configuring", teardown: "torn-down" } },
    configuring: {
      on: { setup: "configuring", configured: "configured", setupFailed: "not-configured", setupLeaked: "invalid" },
      mend: "wait until it is configured",
    },
    configured: { on: { setup: "configured", change: "configured", teardown: "tearing-down" } },
    invalid: { on: { teardown: "tearing-down" }, mend: "only its teardown is left" },
    "tearing-down": { on: { tornDown: "torn-down", teardownFailed: "invalid" } },
    "torn-down": { on: { teardown: "torn-down" }, mend: "attach the namespace anew" },
  },
} as const);

/** In the VM, with the namespace as HCN told it. */
export interface InVm {
  readonly vm: HcnVm;
  readonly namespace: HostComputeNamespace;
}

export type HcnNetworkState =
  | Each<"not-configured" | "configuring" | "invalid" | "tearing-down" | "torn-down", object>
  | Each<"configured", InVm>;
