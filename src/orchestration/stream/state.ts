import { defineStates, type Each } from "../state-table.ts";
import type { WindowedStream } from "./windowed-stream.ts";

export const streamStates = defineStates({
  resource: "stream",
  initial: "new",
  states: {
    new: { on: { attach: "waiting", claim: "expected" } },
    /** A client, and nobody who serves it. */
    waiting: { on: { claim: "joined", left: "gone", expired: "gone", release: "gone" }, mend: "it has a client" },
    /** Served; its client is still to come, or to come again. */
    expected: { on: { attach: "joined", release: "gone" }, mend: "it is served" },
    joined: { on: { left: "expected", release: "gone" }, mend: "it has a client and is served" },
    gone: { on: { release: "gone" } },
  },
} as const);

export type StreamState =
  | Each<"new" | "expected" | "gone", object>
  | Each<"waiting" | "joined", { readonly peer: WindowedStream }>;
