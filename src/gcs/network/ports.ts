import type { NetworkAdapter } from "./adapter.ts";

/** Finds the adapter's link among those of this guest; waits a bounded time for a hot-plugged one, then throws not-found. */
export type LinkResolver = (adapter: NetworkAdapter) => Promise<string>;

/** Runs a program to its end, with `input` on its stdin. Rejects with its stderr unless it exits with 0. */
export type RunProgram = (argv: readonly string[], options?: { readonly input?: string }) => Promise<void>;
