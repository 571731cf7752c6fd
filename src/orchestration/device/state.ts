import { defineStates, type Each } from "../state-table.ts";

export const deviceStates = defineStates({
  resource: "device",
  initial: "reserved",
  states: {
    reserved: { on: { map: "mapping", unmap: "gone" }, mend: "map it first" },
    mapping: { on: { mapped: "mapped", mapFailed: "uncertain" }, mend: "wait until it is mapped" },
    mapped: { on: { map: "mapped", unmap: "unmapping" } },
    // A step that failed or took too long may have been done all the same: it is undone before it is tried again.
    uncertain: { on: { map: "mapping", unmap: "unmapping" }, mend: "map it again, or unmap it" },
    unmapping: { on: { unmapped: "gone", unmapFailed: "uncertain" }, mend: "wait until it is gone" },
    gone: { on: { unmap: "gone" }, mend: "reserve it anew" },
  },
} as const);

export type DeviceState = Each<keyof typeof deviceStates.states, object>;
