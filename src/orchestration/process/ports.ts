import type { GuestProcess, GuestStdioSettings } from "../../guestmanager/guest.ts";
import type { StdioContext, StdioEndpoints, StdioPaths } from "../../stdio/endpoints.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import type { ProcessExit } from "./state.ts";

export type RunningProcess = GuestProcess;

/** How a process comes to life in the guest: `startInit` or `exec` of its container. */
export type Launch = (settings: {
  readonly emulateConsole: boolean;
  readonly stdio: GuestStdioSettings;
}) => Promise<RunningProcess>;

/** One direction of a process's stdio, copied between containerd's end and the guest's. */
export interface Relay {
  /**
   * Resolves when the source has ended and all of it is written (the source is half-closed then: the guest withholds the
   * exit code until it sees that), or when either end is gone. Never rejects.
   */
  readonly done: Promise<void>;
  /** Ends it now, what is on its way is lost. Idempotent. */
  stop(): void;
  /** Stands still until `release`; what it has taken and nobody can read yet. */
  hold(): Uint8Array;
  release(): void;
}

export interface ProcessIoPorts {
  open(paths: StdioPaths, context: StdioContext): Promise<StdioEndpoints>;
  /** `leftover` goes first; a source that has ended is undefined. */
  relay(source: ByteStream | undefined, sink: ByteStream, leftover?: Uint8Array): Relay;
}

/** Told in this order; none of them throws. */
export interface ProcessHooks {
  started(pid: number): void;
  /** What must be told before this exit is (a container's other processes). Bounds itself. */
  beforeExit?(): Promise<void>;
  /** `started`: it was told to have started. */
  exited(pid: number, exit: ProcessExit, started: boolean): void;
}

/** Bounds in ms. */
export interface ProcessLimits {
  readonly start: number;
  /** Opening the client's stdio: beyond the time a logger has to get ready (10 s), whose own error says more. */
  readonly open: number;
  readonly signal: number;
  /** Output still on its way after the exit (containerd's own bound: 10 s); then it is discarded. */
  readonly drain: number;
  /** A logger's end (12 s until it is killed), waited for by delete. */
  readonly close: number;
}

export const processLimits: ProcessLimits = {
  start: 60_000,
  open: 15_000,
  signal: 10_000,
  drain: 10_000,
  close: 15_000,
};
