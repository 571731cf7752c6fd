import type { PulledStream } from "./pull.ts";
import type { StreamClaim, StreamPeer } from "./streams.ts";

/**
 * Sends a pipe's bytes, and then its end, to the clients of a stream as they come and go. What one may not have read is
 * sent to the next again: nothing is lost with a client that is killed, though some of it may be told twice.
 */
export class OutputPump {
  /** Resolves when a client has all of it and has left. */
  readonly delivered: Promise<void>;
  readonly #source: PulledStream;
  readonly #claim: StreamClaim;
  #tellDelivered: () => void = () => {};
  /** To be sent, in order. */
  readonly #queue: Uint8Array[] = [];
  /** The last that was sent to the client that is there. */
  #sent: Uint8Array[] = [];
  #last: StreamPeer | undefined;
  #sourceEnded = false;
  #coming: Promise<void> | undefined;
  /** The client that was there has left. */
  #leave: () => void = () => {};

  constructor(source: PulledStream, claim: StreamClaim) {
    this.#source = source;
    this.#claim = claim;
    this.delivered = new Promise((resolve) => {
      this.#tellDelivered = resolve;
    });
    void this.#run();
    void this.#attend();
  }

  /** A client that reads no more makes room for the next one. */
  async #attend(): Promise<void> {
    for (let peer = await this.#peer(); peer !== undefined; peer = await this.#peer()) {
      await peer.ended;
      peer.finish();
      this.#leave();
    }
    this.#source.destroy();
    this.#leave();
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#takeBack();
      if (this.#queue.length === 0 && !this.#sourceEnded) {
        await this.#more();
        continue;
      }
      const peer = await this.#peer();
      if (peer === undefined) return;
      if (peer !== this.#last) this.#sent = [];
      this.#last = peer;
      await (this.#queue.length > 0 ? this.#send(peer) : this.#finish(peer));
    }
  }

  /** The next bytes of the process, or that a client has left. */
  async #more(): Promise<void> {
    this.#coming ??= this.#source.next().then((chunk) => {
      this.#coming = undefined;
      if (chunk === undefined) this.#sourceEnded = true;
      else this.#queue.push(chunk);
    });
    const coming = this.#coming;
    // Not a race with a promise that outlives the chunk: each would leave its part on it for as long as the client stays.
    await new Promise<void>((resolve) => {
      this.#leave = resolve;
      void coming.then(resolve);
    });
  }

  async #send(peer: StreamPeer): Promise<void> {
    const [chunk] = this.#queue;
    if (chunk === undefined) return;
    try {
      const count = await peer.write(chunk);
      this.#queue.shift();
      if (count < chunk.length) this.#queue.unshift(chunk.subarray(count));
      this.#remember(chunk.subarray(0, count));
    } catch {
      peer.finish();
    }
  }

  async #finish(peer: StreamPeer): Promise<void> {
    peer.end();
    await peer.ended;
    if (peer.unread === 0) this.#tellDelivered();
    peer.finish();
  }

  #remember(bytes: Uint8Array): void {
    this.#sent.push(bytes);
    // A process may write a byte at a time.
    if (this.#sent.length > 64) this.#sent = [Buffer.concat(this.#sent).subarray(-REMEMBERED)];
  }

  #takeBack(): void {
    const unread = this.#last?.unread ?? 0;
    if (unread === 0) return;
    const sent = Buffer.concat(this.#sent);
    this.#queue.unshift(sent.subarray(Math.max(0, sent.length - unread)));
    this.#sent = [];
    this.#last = undefined;
  }

  #peer(): Promise<StreamPeer | undefined> {
    return this.#claim.peer().catch(() => undefined);
  }
}

/** As much as a client may have outstanding: two windows of 64 KiB. */
const REMEMBERED = 128 << 10;
