import { ShimError, unavailable } from "../../errors/shim-error.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { portName } from "../accept-queue.ts";
import type { GuestConnection, GuestSockets } from "../sockets.ts";
import { Channel } from "./channel.ts";
import { ChannelTable, checkLength, u32 } from "./channel-table.ts";
import { type Frame, frameTypes, refuseCodes } from "./frame.ts";
import { GuestLink } from "./guest-link.ts";
import { CHANNEL_WINDOW, MAX_CHANNELS } from "./limits.ts";

/** A dial that has not been answered: its channel is none yet, so that nothing but the answer can come for it. */
interface Dial {
  readonly port: number;
  accepted(credit: number): void;
  failed(error: unknown): void;
}

/**
 * The guest's end of the guest channel: dials ports of the host. Dials may begin before any host is there. A host that
 * comes back continues the session, one that is new begins another: the channels of the former close.
 */
export class GuestMux {
  readonly sockets: GuestSockets;
  readonly #table: ChannelTable<GuestLink>;
  readonly #dials = new Map<number, Dial>();
  #lastChannel = 0;

  constructor() {
    const role = {
      opening: (frame: Frame) => this.#opening(frame),
      restarted: (error: Error, unsent: ReadonlySet<number>) => this.#failDials(error, unsent),
      ended: (error: Error) => this.#failDials(error),
    };
    this.#table = new ChannelTable(role, (owner) => new GuestLink(owner));
    this.sockets = { dial: (port, options) => this.#dial(port, options?.signal) };
  }

  /** As HostMux.ended. */
  get ended(): Promise<Error> {
    return this.#table.ended;
  }

  /** As HostMux.established. */
  get established(): Promise<void> {
    return this.#table.whenEstablished;
  }

  /** As HostMux.attach. A port without a host reads EOF: open it again after a while and attach that. */
  attach(carrier: ByteStream): Promise<Error | undefined> {
    return this.#table.link.attach(carrier);
  }

  /** As HostMux.destroy. */
  destroy(error: Error = unavailable("the guest channel was destroyed here")): void {
    this.#table.link.end(error);
  }

  #dial(port: number, signal: AbortSignal | undefined): Promise<GuestConnection> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const { endReason } = this.#table;
      if (endReason !== undefined) {
        throw unavailable(`the guest channel has ended; cannot dial port ${portName(port)}`, endReason);
      }
      if (this.#table.channels.size + this.#dials.size >= MAX_CHANNELS) {
        throw new ShimError("resource-exhausted", `${MAX_CHANNELS} channels are open; cannot dial: close one first`);
      }
      const id = ++this.#lastChannel;
      const settle = (): void => {
        this.#dials.delete(id);
        signal?.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        reject(signal?.reason);
        if (this.#table.withdraw(id)) settle();
      };
      this.#dials.set(id, {
        port,
        accepted: (credit) => {
          settle();
          const channel = new Channel(this.#table, id, port, CHANNEL_WINDOW, credit);
          this.#table.add(channel);
          // Nobody waits for it any more.
          if (signal?.aborted) channel.destroy();
          else resolve({ kind: "stream", stream: channel });
        },
        failed: (error) => {
          settle();
          reject(error);
        },
      });
      signal?.addEventListener("abort", onAbort);
      const payload = new Uint8Array(8);
      const view = new DataView(payload.buffer);
      view.setUint32(0, port, true);
      view.setUint32(4, CHANNEL_WINDOW, true);
      this.#table.control({ type: frameTypes.open, channel: id, payload });
    });
  }

  #opening(frame: Frame): void {
    const { type, channel: id } = frame;
    const dial = this.#dials.get(id);
    // An answer can't come before the question has left.
    if (type === frameTypes.open || dial === undefined || this.#table.withdraw(id)) {
      throw new ShimError("data-loss", `the host sent a frame of type ${type} on channel ${id}, which is not dialling`);
    }
    if (type === frameTypes.accept) {
      dial.accepted(u32(frame, 4));
      return;
    }
    checkLength(frame, 1);
    const port = portName(dial.port);
    dial.failed(
      frame.payload[0] === refuseCodes.nobodyListens
        ? unavailable(`nobody listens on port ${port}; cannot dial it`)
        : new ShimError("resource-exhausted", `the host has too many channels; cannot dial port ${port}`),
    );
  }

  #failDials(error: Error, except: ReadonlySet<number> = new Set()): void {
    for (const [id, dial] of [...this.#dials]) if (!except.has(id)) dial.failed(error);
  }
}
