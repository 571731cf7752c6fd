import type { SequenceId } from "../../prot/header.ts";

/** One frame of the bridge, as it was sent or read. */
export interface BridgeMessage {
  readonly at: Date;
  readonly direction: "to-guest" | "from-guest";
  readonly type: number;
  readonly id: SequenceId;
  /** Its header included. */
  readonly bytes: number;
  /** Of a response: since its request. */
  readonly ms?: number;
  readonly body: Uint8Array;
}

/** Who listens in on a bridge. */
export interface BridgeTap {
  /** Asked for each frame; while it is false nothing is made for it. */
  readonly active: boolean;
  /** Never throws. */
  message(message: BridgeMessage): void;
}
