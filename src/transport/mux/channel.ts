import { ShimError, unavailable } from "../../errors/shim-error.ts";
import type { ByteStream, ByteStreamHandler } from "../../sys/byte-stream.ts";
import { portName } from "../accept-queue.ts";
import { ByteQueue } from "./byte-queue.ts";
import { closeCodes, DATA_PAYLOAD, frameTypes } from "./frame.ts";
import { WRITE_HIGH_WATER } from "./limits.ts";
import type { OutFrame } from "./replay.ts";

/** The mux, as its channels see it. */
export interface ChannelOwner {
  /** Delivery stands still (a save is being made). */
  readonly suspended: boolean;
  /** Queues a frame that needs no credit. */
  control(frame: OutFrame): void;
  /** `nextFrame` of the channel has something to say. */
  ready(channel: Channel): void;
  /** No frame goes either way any more. */
  forget(channel: Channel): void;
}

/** A channel as JSON; bytes in base64. */
export interface ChannelState {
  readonly id: number;
  readonly port: number;
  readonly window: number;
  /** Bytes that we may still send, and that the peer may still send. */
  readonly sendCredit: number;
  readonly receiveCredit: number;
  /** Delivered, and not given back as credit yet. */
  readonly unreturned: number;
  readonly inbox: string;
  readonly pending: string;
  readonly ended: boolean;
  readonly finSent: boolean;
  readonly peerEnded: boolean;
  readonly closeSent: boolean;
}

/**
 * One channel of a mux. Each half ends with FIN; after both, or when an end gives up, it sends CLOSE, its last frame on
 * this channel. An id is free again when CLOSE went both ways, so that no late frame can meet a stranger.
 */
export class Channel implements ByteStream {
  readonly id: number;
  readonly port: number;
  readonly #owner: ChannelOwner;
  readonly #window: number;
  readonly #inbox = new ByteQueue();
  readonly #pending = new ByteQueue();
  #handler: ByteStreamHandler | undefined;
  #sendCredit: number;
  #receiveCredit: number;
  #unreturned = 0;
  #paused = false;
  #scheduled = false;
  #wantsDrain = false;
  #ended = false;
  #finSent = false;
  #peerEnded = false;
  #endDelivered = false;
  #closeSent = false;
  #closeReceived = false;
  /** No more in either direction, here; `close` is due or delivered. */
  #closed = false;
  #closeDelivered = false;
  #closeError: Error | undefined;

  /** `window`: what we let the peer send at first; `sendCredit`: what it lets us send. */
  constructor(owner: ChannelOwner, id: number, port: number, window: number, sendCredit: number) {
    this.#owner = owner;
    this.id = id;
    this.port = port;
    this.#window = window;
    this.#receiveCredit = window;
    this.#sendCredit = sendCredit;
  }

  /** Its new user hears of the peer's end again, if that has come: what the former one knew is not known here. */
  static restore(owner: ChannelOwner, state: ChannelState): Channel {
    const channel = new Channel(owner, state.id, state.port, state.window, state.sendCredit);
    channel.#receiveCredit = state.receiveCredit;
    channel.#unreturned = state.unreturned;
    channel.#inbox.push(Buffer.from(state.inbox, "base64"));
    channel.#pending.push(Buffer.from(state.pending, "base64"));
    channel.#ended = state.ended;
    channel.#finSent = state.finSent;
    channel.#peerEnded = state.peerEnded;
    channel.#closeSent = state.closeSent;
    channel.#closed = state.closeSent;
    if (channel.#hasFrame()) owner.ready(channel);
    return channel;
  }

  saveState(): ChannelState {
    return {
      id: this.id,
      port: this.port,
      window: this.#window,
      sendCredit: this.#sendCredit,
      receiveCredit: this.#receiveCredit,
      unreturned: this.#unreturned,
      inbox: Buffer.from(this.#inbox.peekAll()).toString("base64"),
      pending: Buffer.from(this.#pending.peekAll()).toString("base64"),
      ended: this.#ended,
      finSent: this.#finSent,
      peerEnded: this.#peerEnded,
      closeSent: this.#closeSent,
    };
  }

  /** Nobody uses it here any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  // --- the user's side

  open(handler: ByteStreamHandler): void {
    if (this.#handler !== undefined) throw new TypeError("the channel is open already; it opens once");
    this.#handler = handler;
    this.schedule();
  }

  write(chunk: Uint8Array): boolean {
    if (this.#ended || this.#closed) return false;
    this.#pending.push(chunk);
    if (this.#hasFrame()) this.#owner.ready(this);
    if (this.#pending.length < WRITE_HIGH_WATER) return true;
    this.#wantsDrain = true;
    return false;
  }

  end(): void {
    if (this.#ended || this.#closed) return;
    this.#ended = true;
    this.#wantsDrain = false;
    if (this.#hasFrame()) this.#owner.ready(this);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.schedule();
  }

  destroy(error?: Error): void {
    if (this.#closed) return;
    this.#sendClose(closeCodes.aborted);
    this.fail(error ?? unavailable(`the channel to port ${portName(this.port)} was destroyed here`));
  }

  // --- the mux's side

  /** DATA as far as the credit goes, then FIN; undefined when there is nothing to say now. */
  nextFrame(): OutFrame | undefined {
    if (this.#closed || this.#finSent) return undefined;
    const payload = this.#pending.take(Math.min(DATA_PAYLOAD, this.#sendCredit));
    if (payload !== undefined) {
      this.#sendCredit -= payload.byteLength;
      if (this.#hasFrame()) this.#owner.ready(this);
      if (this.#wantsDrain && this.#pending.length < WRITE_HIGH_WATER) this.schedule();
      return { type: frameTypes.data, channel: this.id, payload };
    }
    if (!this.#ended || this.#pending.length > 0) return undefined;
    this.#finSent = true;
    this.schedule();
    return { type: frameTypes.fin, channel: this.id, payload: new Uint8Array(0) };
  }

  receiveData(payload: Uint8Array): void {
    this.#checkOpen("data");
    if (this.#peerEnded) throw this.#violation("data after its end");
    if (payload.byteLength === 0) throw this.#violation("a data frame without data");
    if (payload.byteLength > this.#receiveCredit) {
      throw this.#violation(`${payload.byteLength} bytes, with a credit of ${this.#receiveCredit}`);
    }
    this.#receiveCredit -= payload.byteLength;
    if (this.#closed) return;
    this.#inbox.push(payload);
    this.schedule();
  }

  receiveFin(): void {
    this.#checkOpen("an end");
    if (this.#peerEnded) throw this.#violation("a second end");
    this.#peerEnded = true;
    this.schedule();
  }

  receiveCredit(count: number): void {
    this.#checkOpen("a credit");
    // What it gives is never more than what we sent: it can't make us promise memory.
    if (count === 0 || this.#sendCredit + count > 0xffff_ffff) throw this.#violation(`a credit of ${count}`);
    this.#sendCredit += count;
    if (this.#hasFrame()) this.#owner.ready(this);
  }

  receiveClose(code: number): void {
    this.#checkOpen("a close");
    switch (code) {
      case closeCodes.orderly:
        // Either both halves ended, or it answers our own close.
        if (!this.#closeSent && !(this.#peerEnded && this.#finSent)) throw this.#violation("a close before its end");
        break;
      case closeCodes.aborted:
        if (!this.#closeSent) this.#sendClose(closeCodes.orderly);
        this.fail(unavailable(`the channel to port ${portName(this.port)} was reset by its other end`));
        break;
      default:
        throw this.#violation(`a close with code ${code}`);
    }
    this.#closeReceived = true;
    if (this.#closeSent) this.#owner.forget(this);
  }

  /** Over at once, without a frame: the mux itself has ended, or the peer knows. */
  fail(error: Error): void {
    this.#shut(error);
  }

  /** Delivers soon what can be delivered, from a task of its own. */
  schedule(): void {
    if (this.#scheduled || this.#closeDelivered) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #hasFrame(): boolean {
    if (this.#closed || this.#finSent) return false;
    return this.#pending.length > 0 ? this.#sendCredit > 0 : this.#ended;
  }

  #sendClose(code: number): void {
    this.#closeSent = true;
    this.#owner.control({ type: frameTypes.close, channel: this.id, payload: Uint8Array.of(code) });
  }

  #shut(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeError = error;
    this.#inbox.clear();
    this.#pending.clear();
    this.schedule();
  }

  /** At most one call to the handler, then the next task: what the handler did meanwhile is seen. */
  #deliver(): void {
    if (this.#owner.suspended || this.#closeDelivered) return;
    // Nobody needs to have opened a channel for it to end.
    if (this.#endDelivered && this.#finSent && !this.#closed) {
      this.#sendClose(closeCodes.orderly);
      if (this.#closeReceived) this.#owner.forget(this);
      this.#shut(undefined);
    }
    const handler = this.#handler;
    if (handler === undefined) return;
    if (this.#closed) {
      this.#closeDelivered = true;
      handler.close(this.#closeError);
      return;
    }
    if (this.#wantsDrain && this.#pending.length < WRITE_HIGH_WATER && !this.#ended) {
      this.#wantsDrain = false;
      this.schedule();
      handler.drain();
      return;
    }
    if (this.#paused) return;
    const chunk = this.#inbox.shift();
    if (chunk !== undefined) {
      this.#returnCredit(chunk.byteLength);
      this.schedule();
      handler.data(chunk);
      return;
    }
    if (this.#peerEnded && !this.#endDelivered) {
      this.#endDelivered = true;
      this.schedule();
      handler.end();
    }
  }

  #returnCredit(count: number): void {
    this.#unreturned += count;
    if (this.#peerEnded || this.#closeSent || this.#unreturned < this.#window / 2) return;
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setUint32(0, this.#unreturned, true);
    this.#receiveCredit += this.#unreturned;
    this.#unreturned = 0;
    this.#owner.control({ type: frameTypes.credit, channel: this.id, payload });
  }

  #checkOpen(what: string): void {
    if (this.#closeReceived) throw this.#violation(`${what} after its close`);
  }

  #violation(what: string): ShimError {
    return new ShimError("data-loss", `the other end sent ${what} on channel ${this.id}; it broke the protocol`);
  }
}
