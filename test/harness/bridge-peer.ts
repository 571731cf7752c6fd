import { type Frame, FrameReader } from "../../src/prot/frame-reader.ts";
import { encodeFrame } from "../../src/prot/header.ts";
import { MessageIdentifier } from "../../src/prot/message-identifier.ts";
import { NULL_ID } from "../../src/prot/protocol.ts";
import type { ByteStream } from "../../src/sys/byte-stream.ts";

/** One message as a test sees it. */
export interface RawMessage {
  readonly type: number;
  readonly id: bigint;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The other end of a bridge for tests, frame by frame and without any of our codecs for bodies. */
export class BridgePeer {
  readonly received: RawMessage[] = [];
  closed: { error: Error | undefined } | undefined;
  ended = false;
  readonly #stream: ByteStream;
  #waiters: { holds: () => boolean; resolve: () => void }[] = [];

  constructor(stream: ByteStream) {
    this.#stream = stream;
    const reader = new FrameReader(0xffff_ffff, (frame) => this.#received(frame));
    stream.open({
      data: (chunk) => reader.push(chunk),
      end: () => {
        this.ended = true;
        this.#look();
      },
      drain: () => undefined,
      close: (error) => {
        this.closed = { error };
        this.#look();
      },
    });
  }

  send(type: number, id: bigint, body: unknown): void {
    const source = typeof body === "string" ? body : `${JSON.stringify(body)}\n`;
    this.sendBytes(encodeFrame(type, id, new TextEncoder().encode(source)));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  /** Resolves as soon as it holds; looked at after each message and at the end. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ holds, resolve }));
  }

  /** The message with this id, now or when it comes. */
  async answer(id: bigint): Promise<RawMessage> {
    const find = (): RawMessage | undefined => this.received.find((message) => message.id === id);
    await this.until(() => find() !== undefined || this.closed !== undefined);
    const found = find();
    if (found === undefined) throw new Error(`the stream closed before message ${id} came`);
    return found;
  }

  /** As a host: sends a request and waits for its answer. */
  async request(type: number, id: bigint, body: object): Promise<RawMessage> {
    this.send(type, id, { ActivityId: NULL_ID, ...body });
    return this.answer(id);
  }

  /** As a host: negotiates with id 1. */
  negotiate(more: object = {}): Promise<RawMessage> {
    return this.request(MessageIdentifier.computeSystemNegotiateProtocolV1, 1n, {
      ContainerId: NULL_ID,
      MinimumVersion: 4,
      MaximumVersion: 4,
      ...more,
    });
  }

  #received({ header, body }: Frame): void {
    const source = new TextDecoder().decode(body);
    this.received.push({ type: header.type, id: header.id, body: JSON.parse(source) as RawMessage["body"] });
    this.#look();
  }

  #look(): void {
    const due = this.#waiters.filter((waiter) => waiter.holds());
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) waiter.resolve();
  }
}
