import { ShimError } from "../../errors/shim-error.ts";
import { FRAME_OVERHEAD } from "./frame.ts";
import { MAX_CONTROL_FRAMES, REPLAY_BYTES, REPLAY_FRAMES } from "./limits.ts";

/** A sequenced frame before it has a number. */
export interface OutFrame {
  readonly type: number;
  readonly channel: number;
  /** Not changed by anybody any more. */
  readonly payload: Uint8Array;
}

/** What one end sent and the other has not acknowledged, in order, to be sent again after a break. */
export class Replay {
  #base: number;
  #frames: OutFrame[];
  /** How many of `#frames` left on this carrier. */
  #sent = 0;
  #bytes: number;

  /** `base`: the number of the first frame, which is how many were acknowledged before. */
  constructor(base = 0, frames: readonly OutFrame[] = []) {
    this.#base = base;
    this.#frames = [...frames];
    this.#bytes = frames.reduce((sum, frame) => sum + sizeOf(frame), 0);
  }

  get base(): number {
    return this.#base;
  }

  get frames(): readonly OutFrame[] {
    return this.#frames;
  }

  get hasUnsent(): boolean {
    return this.#sent < this.#frames.length;
  }

  /** Data has to wait for an acknowledgement. */
  get full(): boolean {
    return this.#bytes >= REPLAY_BYTES || this.#frames.length >= REPLAY_FRAMES;
  }

  /** Throws resource-exhausted where even control frames have become too many. */
  push(frame: OutFrame): void {
    if (this.#frames.length >= REPLAY_FRAMES + MAX_CONTROL_FRAMES) {
      throw new ShimError(
        "resource-exhausted",
        `the other end acknowledged none of ${this.#frames.length} frames; cannot keep more of them`,
      );
    }
    this.#frames.push(frame);
    this.#bytes += sizeOf(frame);
  }

  /** The next frame to write, with its number; it counts as sent. */
  takeUnsent(): { readonly frame: OutFrame; readonly seq: number } | undefined {
    const frame = this.#frames[this.#sent];
    if (frame === undefined) return undefined;
    return { frame, seq: this.#base + this.#sent++ };
  }

  /** `ack`: low 32 bits of how many frames the peer has. Throws data-loss for one that can't be. */
  acknowledge(ack: number): void {
    const count = (ack - this.#base) >>> 0;
    if (count > this.#sent) {
      throw new ShimError("data-loss", `the other end acknowledges ${count} frames, of which ${this.#sent} were sent`);
    }
    this.#drop(count);
  }

  /** The peer got `received` frames of this session: everything after them is unsent again. False if that can't be. */
  rewind(received: number): boolean {
    const count = received - this.#base;
    if (count < 0 || count > this.#frames.length) return false;
    this.#drop(count);
    this.#sent = 0;
    return true;
  }

  #drop(count: number): void {
    if (count === 0) return;
    for (const frame of this.#frames.splice(0, count)) this.#bytes -= sizeOf(frame);
    this.#base += count;
    this.#sent = Math.max(0, this.#sent - count);
  }
}

function sizeOf(frame: OutFrame): number {
  return frame.payload.byteLength + FRAME_OVERHEAD;
}
