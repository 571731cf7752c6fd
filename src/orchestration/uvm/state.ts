import { defineStates, type Each, type StateOf } from "../state-table.ts";

/** Of a VM that is driven by hand. While it is up, the table of its VM says what that permits. */
export const uvmStates = defineStates({
  resource: "uvm",
  initial: "not-booted",
  states: {
    "not-booted": { on: { boot: "booting", stop: "stopped" }, mend: "boot or restore it first" },
    booting: {
      on: { booted: "up", bootFailed: "stopped", stop: "stopping" },
      mend: "wait for its boot",
    },
    up: { on: { use: "up", stop: "stopping", ended: "stopped" } },
    stopping: { on: { stopped: "stopped", ended: "stopped", stop: "stopping" }, mend: "boot a new one" },
    stopped: { on: { stop: "stopped" }, mend: "boot a new one" },
  },
} as const);

export type UvmState = Each<StateOf<typeof uvmStates>, object>;
