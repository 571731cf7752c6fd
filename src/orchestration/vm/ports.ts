import type { PodGuest } from "../../guestmanager/create-guest.ts";
import type { Lifetime } from "../../vmmanager/lifetime.ts";
import type { UtilityVM, UvmOptions } from "../../vmmanager/uvm.ts";

/** What the VM controller asks of the host: one life. */
export type VmLifetime = Pick<Lifetime, "start" | "pause" | "resume" | "terminate" | "wait" | "close">;

/** What it asks of the guest: the connection. */
export type VmGuest = Pick<
  PodGuest,
  "prepareConnection" | "createConnection" | "closeConnection" | "disconnected" | "shutdown" | "addSecurityPolicy"
>;

/** A created UVM and its guest; whoever holds a running VM talks to both. */
export interface VmHost<U extends VmLifetime = UtilityVM, G extends VmGuest = PodGuest> {
  readonly uvm: U;
  readonly guest: G;
}

export interface VmPorts {
  createUvm(options: UvmOptions, call: { signal: AbortSignal }): Promise<UtilityVM>;
  /** Makes the guest's host side over the UVM's sockets. Sends nothing. */
  createGuest(uvm: UtilityVM): PodGuest;
  /** Lets it go, with somebody listening for its guest. Default: its `start`. */
  startUvm?(host: VmHost, call: { signal: AbortSignal }): Promise<void>;
  /** Tells of what failed where no caller is left to hear it. */
  warn(message: string, cause?: unknown): void;
}

/** Bounds in ms. */
export interface VmLimits {
  /** Create, start and the guest's connection together (hcsshim's GCSConnectionTimeout: 2 min). */
  readonly boot: number;
  readonly terminate: number;
  /** What a guest is given to write back its file systems and turn itself off, where that is asked for. */
  readonly shutdown: number;
  readonly pause: number;
  readonly save: number;
  /** Growing it by memory or by processors: the guest takes them in. */
  readonly growth: number;
}

export const vmLimits: VmLimits = {
  boot: 120_000,
  terminate: 4_000,
  shutdown: 1_000,
  pause: 10_000,
  save: 120_000,
  growth: 30_000,
};
