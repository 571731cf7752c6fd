import { ShimError, unavailable } from "../../errors/shim-error.ts";
import type { Channel, ChannelOwner } from "./channel.ts";
import { type Frame, frameTypes } from "./frame.ts";
import { MAX_CONTROL_FRAMES } from "./limits.ts";
import type { Link, LinkOwner } from "./link.ts";
import type { OutFrame } from "./replay.ts";

/** What only one end does: the host answers OPEN, the guest hears ACCEPT and REFUSE. */
export interface TableRole {
  /** One of those three; throws for one that this end does not take. */
  opening(frame: Frame): void;
  /** What the peer was asked is void, except for these channels: their OPEN has not left. */
  restarted(error: Error, unsent: ReadonlySet<number>): void;
  /** The mux is over. */
  ended(error: Error): void;
}

/** The channels of one mux, between their users and the link. Sends control frames first, then data, in turn. */
export class ChannelTable<L extends Link> implements LinkOwner, ChannelOwner {
  /** Resolves with the reason when the mux is over. Never rejects. */
  readonly ended: Promise<Error>;
  /** Resolves after the first handshake; rejects if the mux ends before it. */
  readonly whenEstablished: Promise<void>;
  readonly link: L;
  readonly #role: TableRole;
  readonly #channels = new Map<number, Channel>();
  /** In the order in which they get their turn, one frame each. */
  readonly #ready = new Set<Channel>();
  #controls: OutFrame[] = [];
  #endReason: Error | undefined;
  #resolveEnded: (error: Error) => void = () => undefined;
  #settleEstablished: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(role: TableRole, makeLink: (owner: LinkOwner) => L) {
    this.#role = role;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.whenEstablished = new Promise((resolve, reject) => {
      this.#settleEstablished = { resolve, reject };
    });
    // Nobody has to wait for it.
    this.whenEstablished.catch(() => undefined);
    this.link = makeLink(this);
  }

  get channels(): ReadonlyMap<number, Channel> {
    return this.#channels;
  }

  get controls(): readonly OutFrame[] {
    return this.#controls;
  }

  get endReason(): Error | undefined {
    return this.#endReason;
  }

  add(channel: Channel): void {
    this.#channels.set(channel.id, channel);
  }

  /** Takes back an OPEN that has not left yet; false when it has. */
  withdraw(id: number): boolean {
    const at = this.#controls.findIndex(({ type, channel }) => type === frameTypes.open && channel === id);
    if (at === -1) return false;
    this.#controls.splice(at, 1);
    return true;
  }

  /** Delivery goes on after a suspension. */
  wake(): void {
    for (const channel of this.#channels.values()) channel.schedule();
  }

  // --- for the channels

  get suspended(): boolean {
    return this.#endReason === undefined && this.link.suspended;
  }

  control(frame: OutFrame): void {
    if (this.#endReason !== undefined) return;
    this.#controls.push(frame);
    if (this.#controls.length > MAX_CONTROL_FRAMES) {
      const error = `the other end makes ${this.#controls.length} frames necessary and takes none of them; cannot keep more`;
      this.link.end(new ShimError("resource-exhausted", error));
      return;
    }
    this.link.pump();
  }

  ready(channel: Channel): void {
    this.#ready.add(channel);
    this.link.pump();
  }

  forget(channel: Channel): void {
    this.#channels.delete(channel.id);
    this.#ready.delete(channel);
  }

  // --- for the link

  nextFrame(room: boolean): OutFrame | undefined {
    const control = this.#controls.shift();
    if (control !== undefined || !room) return control;
    for (const channel of this.#ready) {
      // Puts itself at the end of the line again if it has more.
      this.#ready.delete(channel);
      const frame = channel.nextFrame();
      if (frame !== undefined) return frame;
    }
    return undefined;
  }

  received(frame: Frame): void {
    const { type, channel: id, payload } = frame;
    if (type === frameTypes.open || type === frameTypes.accept || type === frameTypes.refuse) {
      this.#role.opening(frame);
      return;
    }
    const channel = this.#channels.get(id);
    if (channel === undefined) {
      throw new ShimError(
        "data-loss",
        `the other end sent a frame of type ${type} on channel ${id}, which is not open`,
      );
    }
    switch (type) {
      case frameTypes.data:
        channel.receiveData(payload);
        break;
      case frameTypes.fin:
        checkLength(frame, 0);
        channel.receiveFin();
        break;
      case frameTypes.credit:
        channel.receiveCredit(u32(frame, 4));
        break;
      case frameTypes.close:
        checkLength(frame, 1);
        channel.receiveClose(payload[0] ?? 0);
        break;
      default:
        throw new ShimError("data-loss", `the other end sent a frame of unknown type ${type}`);
    }
  }

  /** What the peer has never heard of stays: dials whose OPEN has not left. */
  restarted(): void {
    this.#controls = this.#controls.filter(({ type }) => type === frameTypes.open);
    const error = unavailable("the host began a new session; this channel was of the former one");
    this.#failChannels(error);
    this.#role.restarted(error, new Set(this.#controls.map(({ channel }) => channel)));
  }

  established(): void {
    this.#settleEstablished?.resolve();
  }

  linkEnded(error: Error): void {
    this.#endReason = error;
    this.#controls = [];
    this.#failChannels(error);
    this.#role.ended(error);
    this.#settleEstablished?.reject(error);
    this.#resolveEnded(error);
  }

  #failChannels(error: Error): void {
    for (const channel of [...this.#channels.values()]) {
      this.forget(channel);
      channel.fail(error);
    }
  }
}

export function u32(frame: Frame, length: number, at = 0): number {
  checkLength(frame, length);
  return new DataView(frame.payload.buffer, frame.payload.byteOffset).getUint32(at, true);
}

export function checkLength({ type, payload }: Frame, length: number): void {
  if (payload.byteLength === length) return;
  throw new ShimError(
    "data-loss",
    `a frame of type ${type} has a payload of ${payload.byteLength} bytes, not ${length}`,
  );
}
