import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { within } from "../errors/within.ts";
import type { ByteStream } from "../sys/byte-stream.ts";

/** The two ends of one connection of the carrier under test, none opened yet. */
export interface ByteStreamPair {
  readonly a: ByteStream;
  readonly b: ByteStream;
  /** Releases what stands behind the pair (servers, files). Both ends are destroyed by the suite. */
  dispose?(): void | Promise<void>;
}

/** A writer that hears of no room for so long is held back, and not just waiting for another thread's answer (milliseconds). */
const QUIET_MS = 100;

type Event = "data" | "end" | "drain" | "close";

/** Opens a stream and keeps all that it delivers, and in which order. */
export class StreamRecorder {
  readonly stream: ByteStream;
  readonly events: Event[] = [];
  readonly chunks: Uint8Array[] = [];
  closeError: Error | undefined;
  onData: ((chunk: Uint8Array) => void) | undefined;
  #waiters: { holds: () => boolean; resolve: () => void }[] = [];

  constructor(stream: ByteStream) {
    this.stream = stream;
    stream.open({
      data: (chunk) => {
        this.chunks.push(chunk);
        this.#record("data");
        this.onData?.(chunk);
      },
      end: () => this.#record("end"),
      drain: () => this.#record("drain"),
      close: (error) => {
        this.closeError = error;
        this.#record("close");
      },
    });
  }

  bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  count(event: Event): number {
    return this.events.filter((seen) => seen === event).length;
  }

  /** Resolves as soon as the condition holds, looked at after each event. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ holds, resolve }));
  }

  async seen(event: Event): Promise<void> {
    await this.until(() => this.count(event) > 0);
  }

  #record(event: Event): void {
    this.events.push(event);
    const due = this.#waiters.filter((waiter) => waiter.holds());
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) waiter.resolve();
  }
}

/** Lets everything that is already due happen: one turn of the event loop per count. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** What every full-duplex carrier of bytes between host and guest must do: the contract of sys/byte-stream.ts. */
export function byteStreamSuite(carrier: string, createPair: () => Promise<ByteStreamPair>): void {
  const withPair = async (run: (a: ByteStream, b: ByteStream) => Promise<void>): Promise<void> => {
    const pair = await createPair();
    try {
      await run(pair.a, pair.b);
    } finally {
      pair.a.destroy();
      pair.b.destroy();
      await pair.dispose?.();
    }
  };

  describe(`ByteStream over ${carrier}`, () => {
    it("delivers bytes in order, in both directions", () =>
      withPair(async (a, b) => {
        const left = new StreamRecorder(a);
        const right = new StreamRecorder(b);
        a.write(text("one "));
        a.write(text("two"));
        b.write(text("back"));
        await right.until(() => right.bytes().length === 7);
        await left.until(() => left.bytes().length === 4);
        assert.equal(right.bytes().toString(), "one two");
        assert.equal(left.bytes().toString(), "back");
      }));

    it("keeps what came before open, and delivers nothing before it", () =>
      withPair(async (a, b) => {
        a.write(text("early"));
        a.end();
        await turns();
        const right = new StreamRecorder(b);
        assert.deepEqual(right.events, []);
        await right.seen("end");
        assert.equal(right.bytes().toString(), "early");
      }));

    it("never calls a handler from inside a call of ours", () =>
      withPair(async (a, b) => {
        const left = new StreamRecorder(a);
        const right = new StreamRecorder(b);
        a.write(text("x"));
        assert.deepEqual(right.events, []);
        a.end();
        assert.deepEqual([...left.events, ...right.events], []);
        a.destroy();
        assert.deepEqual([...left.events, ...right.events], []);
        await left.seen("close");
      }));

    it("closes its halves separately, and the whole without an error after both", () =>
      withPair(async (a, b) => {
        const left = new StreamRecorder(a);
        const right = new StreamRecorder(b);
        a.write(text("request"));
        a.end();
        a.end();
        await right.seen("end");
        assert.equal(right.bytes().toString(), "request");
        assert.equal(right.count("close"), 0);
        b.write(text("answer after the other half closed"));
        b.end();
        await left.seen("close");
        await right.seen("close");
        assert.equal(left.bytes().toString(), "answer after the other half closed");
        assert.deepEqual(left.events.slice(-2), ["end", "close"]);
        assert.equal(left.closeError, undefined);
        assert.equal(right.closeError, undefined);
        await turns();
        assert.deepEqual(
          [left.count("end"), left.count("close"), right.count("end"), right.count("close")],
          [1, 1, 1, 1],
        );
      }));

    it("drops writes after its end", () =>
      withPair(async (a, b) => {
        new StreamRecorder(a);
        const right = new StreamRecorder(b);
        a.write(text("kept"));
        a.end();
        assert.equal(a.write(text("dropped")), false);
        await right.seen("end");
        assert.equal(right.bytes().toString(), "kept");
      }));

    it("holds the writer back while the reader pauses, loses nothing, and drains", () =>
      withPair(async (a, b) => {
        const left = new StreamRecorder(a);
        const right = new StreamRecorder(b);
        b.pause();
        const chunk = new Uint8Array(32 * 1024).fill(7);
        let written = 0;
        // Bounded: a carrier that never says no would fill memory here.
        while (written < 64 * 1024 * 1024) {
          written += chunk.byteLength;
          if (!a.write(chunk.slice())) {
            await within(QUIET_MS, left.seen("drain"));
            if (left.count("drain") === 0) break;
            left.events.length = 0;
          }
        }
        assert.ok(written < 64 * 1024 * 1024, "write never returned false for good");
        b.resume();
        await left.seen("drain");
        await right.until(() => right.bytes().length === written);
        assert.ok(right.bytes().every((byte) => byte === 7));
      }));

    it("holds data and end back while paused", () =>
      withPair(async (a, b) => {
        new StreamRecorder(a);
        const right = new StreamRecorder(b);
        b.pause();
        a.write(text("later"));
        a.end();
        await turns();
        assert.deepEqual(right.events, []);
        b.resume();
        await right.seen("end");
        assert.equal(right.bytes().toString(), "later");
      }));

    it("stops delivery at once when a handler pauses", () =>
      withPair(async (a, b) => {
        new StreamRecorder(a);
        const right = new StreamRecorder(b);
        right.onData = () => b.pause();
        a.write(text("1"));
        await right.seen("data");
        a.write(text("2"));
        a.end();
        await turns();
        assert.equal(right.bytes().toString(), "1");
        b.resume();
        await right.until(() => right.bytes().length === 2);
        b.resume();
        await right.seen("end");
      }));

    it("destroys both directions: closes here, and is over for the other end", () =>
      withPair(async (a, b) => {
        const left = new StreamRecorder(a);
        const right = new StreamRecorder(b);
        a.destroy();
        a.destroy();
        await left.seen("close");
        assert.equal(a.write(text("gone")), false);
        // A socket tells its peer by EOF or by reset; either way nothing keeps the peer from closing.
        await right.until(() => right.count("end") + right.count("close") > 0);
        b.end();
        await right.seen("close");
        await turns();
        assert.deepEqual([left.count("close"), right.count("close")], [1, 1]);
        assert.equal(left.events.at(-1), "close");
        assert.equal(right.events.at(-1), "close");
      }));

    it("reports the error that it was destroyed with", () =>
      withPair(async (a, b) => {
        const left = new StreamRecorder(a);
        new StreamRecorder(b);
        const cause = new Error("the reason");
        a.destroy(cause);
        await left.seen("close");
        assert.equal(left.closeError, cause);
      }));
  });
}
