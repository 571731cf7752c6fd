import { alreadyExists, failedPrecondition, ShimError, unavailable } from "../../errors/shim-error.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { AcceptQueue, portName } from "../accept-queue.ts";
import type { GuestListener, HostSockets, UnclaimedHandler } from "../sockets.ts";
import { Channel } from "./channel.ts";
import { ChannelTable, u32 } from "./channel-table.ts";
import { type Frame, frameTypes, refuseCodes } from "./frame.ts";
import { HostLink } from "./host-link.ts";
import { CHANNEL_WINDOW, MAX_BACKLOG, MAX_CHANNELS } from "./limits.ts";
import { type MuxState, readMuxState } from "./state.ts";

/** A channel of a restored mux that had been accepted before the save. */
export interface RestoredChannel {
  readonly id: number;
  readonly port: number;
  readonly stream: ByteStream;
}

/**
 * The host's end of the guest channel: listens on ports, the guest dials. It outlives its carriers; it ends by
 * `destroy`, or with data-loss or resource-exhausted when the guest breaks the protocol: its channels close then, and
 * `ended` tells the reason.
 */
export class HostMux {
  readonly sockets: HostSockets;
  /** As they were when the state was saved; each is to be opened or destroyed by its new user. */
  readonly restored: readonly RestoredChannel[];
  readonly #table: ChannelTable<HostLink>;
  readonly #listeners = new Map<number, AcceptQueue>();
  /** Restored connections that nobody had accepted: they wait for the next listener of their port. */
  #unaccepted: Channel[] = [];
  #unclaimed: UnclaimedHandler = () => undefined;
  #lastChannel = 0;

  /** `state`: what `saveState` answered, also after a way through JSON. Throws data-loss if it is not. */
  constructor(state?: unknown) {
    const saved = state === undefined ? undefined : readMuxState(state);
    const role = {
      opening: (frame: Frame) => this.#opening(frame),
      restarted: () => undefined,
      ended: () => {
        for (const listener of [...this.#listeners.values()]) listener.close();
      },
    };
    this.#table = new ChannelTable(role, (owner) => new HostLink(owner, saved?.link));
    this.restored = saved === undefined ? [] : this.#restore(saved);
    this.sockets = {
      listen: (port) => this.#listen(port),
      onUnclaimed: (handler) => {
        this.#unclaimed = handler;
      },
    };
  }

  /** Resolves with the reason when the mux is over. Never rejects. */
  get ended(): Promise<Error> {
    return this.#table.ended;
  }

  /** Resolves after the first handshake with the guest; rejects if the mux ends before it. */
  get established(): Promise<void> {
    return this.#table.whenEstablished;
  }

  /**
   * Speaks over this byte stream (not opened yet) from now on, instead of over the one before. Resolves when the stream
   * is of no use any more, with its error if it had one; channels live on and wait for the next. Throws
   * failed-precondition when the mux has ended or is suspended.
   */
  attach(carrier: ByteStream): Promise<Error | undefined> {
    return this.#table.link.attach(carrier);
  }

  /** Over: all channels close with the error. Idempotent. */
  destroy(error: Error = unavailable("the guest channel was destroyed here")): void {
    this.#table.link.end(error);
  }

  /**
   * Stands still: nothing is read, written or delivered until `resume`. To be called when the guest has been stopped and
   * before its state is saved: the two states then fit each other.
   */
  suspend(): void {
    this.#table.link.suspend();
  }

  resume(): void {
    this.#table.link.resume();
    this.#table.wake();
  }

  /** The whole end as JSON, for a constructor in another process. Throws failed-precondition unless suspended. */
  saveState(): MuxState {
    if (!this.#table.suspended) {
      throw failedPrecondition("the guest channel is moving; cannot save its state: stop the guest, then suspend it");
    }
    const waiting = new Set<ByteStream>(this.#unaccepted);
    for (const listener of this.#listeners.values()) for (const stream of listener.backlog) waiting.add(stream);
    return {
      version: 1,
      link: this.#table.link.saveState(),
      lastChannel: this.#lastChannel,
      controls: this.#table.controls.map(({ type, channel, payload }) => ({
        type,
        channel,
        payload: Buffer.from(payload).toString("base64"),
      })),
      channels: [...this.#table.channels.values()].map((channel) => ({
        ...channel.saveState(),
        accepted: !waiting.has(channel),
      })),
    };
  }

  #restore(state: MuxState): RestoredChannel[] {
    this.#lastChannel = state.lastChannel;
    for (const { type, channel, payload } of state.controls) {
      this.#table.control({ type, channel, payload: Buffer.from(payload, "base64") });
    }
    const claimable: RestoredChannel[] = [];
    for (const saved of state.channels) {
      const channel = Channel.restore(this.#table, saved);
      this.#table.add(channel);
      if (channel.isClosed) continue;
      if (saved.accepted) claimable.push({ id: channel.id, port: channel.port, stream: channel });
      else this.#unaccepted.push(channel);
    }
    return claimable;
  }

  #listen(port: number): GuestListener {
    if (this.#table.endReason !== undefined) {
      throw unavailable(`the guest channel has ended; cannot listen on port ${portName(port)}`, this.#table.endReason);
    }
    if (this.#listeners.has(port)) {
      throw alreadyExists(`port ${portName(port)} is taken; cannot listen: close its owner first`);
    }
    const listener = new AcceptQueue(port, () => this.#listeners.delete(port));
    this.#listeners.set(port, listener);
    for (const channel of this.#unaccepted) if (channel.port === port) listener.offer(channel);
    this.#unaccepted = this.#unaccepted.filter((channel) => channel.port !== port);
    return listener;
  }

  #opening(frame: Frame): void {
    const { type, channel: id } = frame;
    if (type !== frameTypes.open) throw new ShimError("data-loss", `the guest sent a frame of type ${type}; it dials`);
    const port = u32(frame, 8, 0);
    const credit = u32(frame, 8, 4);
    if (id <= this.#lastChannel) {
      throw new ShimError("data-loss", `the guest opened channel ${id} after channel ${this.#lastChannel}`);
    }
    this.#lastChannel = id;
    const listener = this.#listeners.get(port);
    const take = listener === undefined ? this.#unclaimed(port) : (stream: ByteStream) => listener.offer(stream);
    if (take === undefined) {
      this.#refuse(id, refuseCodes.nobodyListens);
    } else if (this.#table.channels.size >= MAX_CHANNELS || (listener?.backlog.length ?? 0) >= MAX_BACKLOG) {
      this.#refuse(id, refuseCodes.tooMany);
    } else {
      const channel = new Channel(this.#table, id, port, CHANNEL_WINDOW, credit);
      this.#table.add(channel);
      const payload = new Uint8Array(4);
      new DataView(payload.buffer).setUint32(0, CHANNEL_WINDOW, true);
      this.#table.control({ type: frameTypes.accept, channel: id, payload });
      take(channel);
    }
  }

  #refuse(channel: number, code: number): void {
    this.#table.control({ type: frameTypes.refuse, channel, payload: Uint8Array.of(code) });
  }
}
