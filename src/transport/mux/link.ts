import { failedPrecondition, ShimError, unavailable } from "../../errors/shim-error.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { encodeFrame, type Frame, FrameReader, FramingError, frameTypes } from "./frame.ts";
import type { Hello } from "./hello.ts";
import { ACK_BYTES, ACK_FRAMES } from "./limits.ts";
import { type OutFrame, Replay } from "./replay.ts";

/** What stands on a link: it gives frames when asked, and takes them. */
export interface LinkOwner {
  /** The next frame to send; DATA only where there is `room`. Called from a task of the link's own. */
  nextFrame(room: boolean): OutFrame | undefined;
  /** Each sequenced frame of the peer, in order, once. What it throws ends the link. */
  received(frame: Frame): void;
  /** The peer knows nothing of what was before: the former session is void. */
  restarted(): void;
  /** The link carries frames again (or for the first time). */
  established(): void;
  /** Once, and last. */
  linkEnded(error: Error): void;
}

/** A link as JSON. Frames carry their payload in base64. */
export interface LinkState {
  readonly session: string;
  readonly received: number;
  readonly acknowledged: number;
  readonly frames: readonly { readonly type: number; readonly channel: number; readonly payload: string }[];
}

/**
 * One end of an ordered, lossless stream of frames that outlives its carriers. A carrier (the byte stream of a port)
 * may break anywhere, lose what was in flight, and bring stale bytes of its predecessor; the handshake of the next one
 * tells each end what the other got, and the rest is sent again. Both ends know the rules of docs/guest-channel.md.
 */
export abstract class Link {
  protected readonly owner: LinkOwner;
  protected readonly reader = new FrameReader();
  protected session = "";
  protected received = 0;
  protected replay = new Replay();
  /** Hunting and up have a carrier. */
  #state: "down" | "hunting" | "up" | "ended" = "down";
  #carrier: ByteStream | undefined;
  #detached: (reason: Error | undefined) => void = () => undefined;
  #blocked = false;
  #suspended = false;
  #pumping = false;
  #bytesToAck = 0;
  #framesToAck = 0;

  constructor(owner: LinkOwner) {
    this.owner = owner;
  }

  /** The carrier is open and skips everything but hellos. */
  protected abstract onAttached(): void;
  protected abstract onDetached(): void;
  protected abstract onHello(hello: Hello): void;
  /** The carrier's bytes are no frames. Throws to end the link, or goes hunting. */
  protected abstract onFramingLost(error: FramingError): void;
  /** After each item while hunting; throws when it has become too much. */
  protected onSkipped(): void {}

  get isUp(): boolean {
    return this.#state === "up";
  }

  protected get isHunting(): boolean {
    return this.#state === "hunting";
  }

  protected get isBlocked(): boolean {
    return this.#blocked;
  }

  get suspended(): boolean {
    return this.#suspended;
  }

  /**
   * Takes the carrier (not open yet) in place of the one before it. Resolves when the carrier is of no use any more: it
   * ended (undefined or its error), was replaced, or the link has ended. Throws failed-precondition on a link that has
   * ended or is suspended.
   */
  attach(carrier: ByteStream): Promise<Error | undefined> {
    if (this.#state === "ended") throw failedPrecondition("the mux has ended; cannot attach a carrier: make a new mux");
    if (this.#suspended) throw failedPrecondition("the mux is suspended; cannot attach a carrier: resume it first");
    this.#detach(unavailable("another carrier took the place of this one"));
    const gone = (error?: Error): void => {
      if (this.#carrier === carrier) this.#detach(error);
    };
    return new Promise((resolve) => {
      this.#carrier = carrier;
      this.#detached = resolve;
      this.#blocked = false;
      this.#state = "hunting";
      this.reader.clear();
      carrier.open({
        data: (chunk) => this.#take(carrier, chunk),
        end: () => gone(),
        drain: () => {
          if (this.#carrier !== carrier) return;
          this.#blocked = false;
          this.pump();
        },
        close: gone,
      });
      this.onAttached();
    });
  }

  /** Asks the owner for frames soon, and writes them while the carrier takes them. */
  pump(): void {
    if (this.#pumping || this.#state !== "up" || this.#suspended) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      try {
        this.#send();
      } catch (error) {
        this.end(ShimError.from(error, "internal"));
      }
    });
  }

  /** Nothing moves until `resume`: no byte is read, none is written. Idempotent. */
  suspend(): void {
    if (this.#suspended || this.#state === "ended") return;
    this.#suspended = true;
    this.#carrier?.pause();
  }

  resume(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    this.#carrier?.resume();
    this.pump();
  }

  /** Idempotent; the owner hears it at once. */
  end(error: Error): void {
    if (this.#state === "ended") return;
    this.#detach(error);
    this.#state = "ended";
    this.replay = new Replay();
    this.owner.linkEnded(error);
  }

  saveState(): LinkState {
    return {
      session: this.session,
      received: this.received,
      acknowledged: this.replay.base,
      frames: this.replay.frames.map(({ type, channel, payload }) => ({
        type,
        channel,
        payload: Buffer.from(payload).toString("base64"),
      })),
    };
  }

  /** Back to the handshake, on the same carrier. */
  protected hunt(): void {
    this.#state = "hunting";
    this.reader.hunt();
  }

  /** The handshake is done: what is unsent in `replay` goes first. */
  protected goUp(): void {
    this.#state = "up";
    this.#bytesToAck = 0;
    this.#framesToAck = 0;
    this.reader.framed();
    this.owner.established();
    this.pump();
  }

  protected write(bytes: Uint8Array): void {
    if (this.#carrier?.write(bytes) === false) this.#blocked = true;
  }

  #take(carrier: ByteStream, chunk: Uint8Array): void {
    if (this.#carrier !== carrier) return;
    this.reader.push(chunk);
    try {
      while (this.#carrier === carrier && this.#takeNext());
    } catch (error) {
      this.end(ShimError.from(error, "internal"));
    }
    this.pump();
  }

  /** False when more bytes are needed. */
  #takeNext(): boolean {
    try {
      const item = this.reader.next();
      if (this.#state === "hunting") this.onSkipped();
      if (item === undefined) return false;
      if (item.kind === "hello") this.onHello(item.hello);
      else this.#takeFrame(item.frame);
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      this.onFramingLost(error);
    }
    return true;
  }

  #takeFrame(frame: Frame): void {
    const { type, seq, ack, payload } = frame;
    this.replay.acknowledge(ack);
    if (type === frameTypes.ack) {
      if (seq !== 0 || frame.channel !== 0 || payload.byteLength > 0) {
        throw new ShimError("data-loss", "an acknowledgement carries more than a count");
      }
      return;
    }
    if (seq !== this.received >>> 0) {
      throw new ShimError("data-loss", `a frame has number ${seq}; the next one is ${this.received >>> 0}`);
    }
    this.received++;
    this.#framesToAck++;
    this.#bytesToAck += payload.byteLength;
    this.onProgress();
    this.owner.received(frame);
  }

  /** A sequenced frame came. */
  protected onProgress(): void {}

  #send(): void {
    if (this.#state !== "up" || this.#suspended) return;
    while (!this.#blocked) {
      if (!this.replay.hasUnsent) {
        const frame = this.owner.nextFrame(!this.replay.full);
        if (frame === undefined) break;
        this.replay.push(frame);
      }
      const next = this.replay.takeUnsent();
      if (next === undefined) break;
      this.#writeFrame(next.frame, next.seq >>> 0);
    }
    if (!this.#blocked && (this.#framesToAck >= ACK_FRAMES || this.#bytesToAck >= ACK_BYTES)) {
      this.#writeFrame({ type: frameTypes.ack, channel: 0, payload: new Uint8Array(0) }, 0);
    }
  }

  #writeFrame(frame: OutFrame, seq: number): void {
    this.#framesToAck = 0;
    this.#bytesToAck = 0;
    this.write(encodeFrame({ ...frame, seq, ack: this.received >>> 0 }));
  }

  #detach(error: Error | undefined): void {
    const carrier = this.#carrier;
    if (carrier === undefined) return;
    this.#carrier = undefined;
    if (this.#state !== "ended") this.#state = "down";
    this.onDetached();
    carrier.destroy();
    this.#detached(error);
  }
}
