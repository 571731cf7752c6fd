import type { MuxState } from "../../../../transport/mux/state.ts";
import type { HostSockets } from "../../../../transport/sockets.ts";
import type { RestoredConnection } from "../../../uvm.ts";

/** How host and guest of one VM talk (docs/guest-channel.md). */
export interface GuestChannel {
  readonly sockets: HostSockets;
  /** Of a saved state. */
  readonly restored: readonly RestoredConnection[];
  /** Why a VM that has it can't be saved; undefined where it can. */
  readonly unsaveable: string | undefined;
  /** Stands still from now until `resume`: for a guest that has been stopped. Only where it can be saved. */
  saveState(): MuxState;
  /** Before the guest goes on. */
  resume(): void;
  /** Its VM has ended with this error. */
  destroy(error: Error): void;
}
