import type { CallOptions } from "../../../lifetime.ts";

/** HCS_EVENT_TYPE (computedefs.h); others are ignored. */
export const EventType = {
  systemExited: 0x1,
  systemCrashInitiated: 0x2,
  systemCrashReport: 0x3,
  guestConnectionClosed: 0x6,
  processExited: 0x1_0000,
  serviceDisconnect: 0x200_0000,
} as const;

export interface ComputeEvent {
  readonly type: number;
  /** JSON; empty where there is none. */
  readonly data: string;
}

/**
 * computecore.dll, one method a call: documents in and out are JSON text. Throws ShimErrors whose kind comes of the
 * HRESULT and whose message carries the result document's ErrorMessage. An aborted signal ends the wait for a call, never
 * its operation or handles: those are given back when the host has answered (reference: windows 6, in-flight rule).
 */
export interface ComputeCore {
  /** The handle is there before the creation is done; it is closed again where that fails. */
  createComputeSystem(id: string, configuration: string, options?: CallOptions): Promise<ComputeSystem>;
  openComputeSystem(id: string): Promise<ComputeSystem>;
  /** `query`: JSON, or empty for all. A JSON array. */
  enumerateComputeSystems(query: string, options?: CallOptions): Promise<string>;
  /** Synchronous in the host: {"PropertyTypes":["Basic"]} tells the schema versions. */
  getServiceProperties(query: string): string;
  createEmptyRuntimeStateFile(path: string): void;
  createEmptyGuestStateFile(path: string): void;
  grantVmAccess(vmId: string, path: string): void;
  revokeVmAccess(vmId: string, path: string): void;
}

/** One HCS_SYSTEM handle. */
export interface ComputeSystem {
  readonly id: string;
  /** Each event of it, from the creation on, in order; before the handle is closed. One listener. */
  onEvent(listener: (event: ComputeEvent) => void): void;
  start(options?: CallOptions): Promise<void>;
  shutDown(document: string, options?: CallOptions): Promise<void>;
  terminate(options?: CallOptions): Promise<void>;
  pause(document: string, options?: CallOptions): Promise<void>;
  resume(options?: CallOptions): Promise<void>;
  save(document: string, options?: CallOptions): Promise<void>;
  crash(document: string, options?: CallOptions): Promise<void>;
  /** The properties document. */
  getProperties(query: string, options?: CallOptions): Promise<string>;
  modify(request: string, options?: CallOptions): Promise<void>;
  /** Waits for calls under way, then closes the handle off this thread: HCS drains its callbacks first. Idempotent. */
  close(): Promise<void>;
}
