import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { isKind } from "../../errors/shim-error.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { StreamRecorder, turns } from "../byte-stream-suite.ts";
import { memoryStreamPair } from "../memory-stream.ts";
import { encodeFrame, type Frame, FrameReader, flushBytes, frameTypes } from "./frame.ts";
import { GuestMux } from "./guest-mux.ts";
import { encodeHello, type Hello, helloKinds, NO_NONCE, sessionAnswers } from "./hello.ts";
import { CHANNEL_WINDOW } from "./limits.ts";

/** A host that says what the test says. */
class RawHost {
  readonly guest = new GuestMux();
  readonly carrier: ByteStream;
  readonly frames: Frame[] = [];
  readonly hellos: Hello[] = [];
  #seq = 0;

  constructor() {
    const [near, far] = memoryStreamPair();
    this.carrier = near;
    const reader = new FrameReader();
    reader.framed();
    near.open({
      data: (chunk) => {
        reader.push(chunk);
        for (let item = reader.next(); item !== undefined; item = reader.next()) {
          if (item.kind === "frame") this.frames.push(item.frame);
          else this.hellos.push(item.hello);
        }
      },
      end() {},
      drain() {},
      close() {},
    });
    void this.guest.attach(far);
  }

  /** SYN; resolves with the guest's answer. */
  async syn(hostNonce: string, session: string, received = 0): Promise<Hello> {
    this.carrier.write(encodeHello({ kind: helloKinds.syn, session, hostNonce, received }));
    await turns();
    const answer = this.hellos.at(-1);
    assert.equal(answer?.kind, helloKinds.synAck);
    return answer as Hello;
  }

  async go(hostNonce: string, guestNonce: string): Promise<void> {
    this.carrier.write(encodeHello({ kind: helloKinds.go, hostNonce, guestNonce }));
    await turns();
  }

  async greet(hostNonce: string, session: string, received = 0): Promise<Hello> {
    const answer = await this.syn(hostNonce, session, received);
    await this.go(hostNonce, answer.guestNonce);
    return answer;
  }

  frame(type: number, channel: number, payload: Uint8Array): void {
    this.carrier.write(encodeFrame({ type, channel, seq: this.#seq++, ack: this.frames.length, payload }));
  }
}

const A = "a".repeat(16);
const B = "b".repeat(16);
const S = "1".repeat(32);
const T = "2".repeat(32);

let host: RawHost | undefined;

function newHost(): RawHost {
  host = new RawHost();
  return host;
}

afterEach(() => {
  host?.guest.destroy();
  host = undefined;
});

/** The dial is under way: its OPEN left, or will leave with the handshake. */
function dialling(h: RawHost, port: number): { settled: Promise<unknown> } {
  return { settled: h.guest.sockets.dial(port).catch((error) => error) };
}

describe("guest mux, against a host that speaks by hand", () => {
  it("asks for a handshake when it opens its port, and sends no frame before the GO", async () => {
    const h = newHost();
    dialling(h, 5);
    await turns();
    assert.deepEqual([h.hellos.map(({ kind }) => kind), h.frames], [[helloKinds.ask], []]);
    const { answer, guestNonce } = await h.syn(A, S);
    assert.equal(answer, sessionAnswers.fresh);
    assert.deepEqual(h.frames, []);
    // Left over from other handshakes: the wrong nonce of either end.
    await h.go(B, guestNonce);
    await h.go(A, NO_NONCE);
    assert.deepEqual(h.frames, []);
    await h.go(A, guestNonce);
    assert.deepEqual(
      h.frames.map(({ type, channel, seq }) => ({ type, channel, seq })),
      [{ type: frameTypes.open, channel: 1, seq: 0 }],
    );
  });

  it("answers a repeated SYN with the same nonce, another one with a new nonce", async () => {
    const h = newHost();
    const first = await h.syn(A, S);
    assert.equal((await h.syn(A, S)).guestNonce, first.guestNonce);
    assert.notEqual((await h.syn(B, S)).guestNonce, first.guestNonce);
  });

  it("continues the session that it knows, sends again what the host lacks, and no more", async () => {
    const h = newHost();
    await h.greet(A, S);
    dialling(h, 5);
    dialling(h, 6);
    await turns();
    const again = await h.greet(B, S, 1);
    assert.equal(again.answer, sessionAnswers.resumed);
    await turns();
    assert.deepEqual(
      h.frames.map(({ seq, channel }) => [seq, channel]),
      [
        [0, 1],
        [1, 2],
        [1, 2],
      ],
    );
  });

  it("begins another session where it does not know the host's, however alike the counts are", async () => {
    const h = newHost();
    await h.greet(A, S);
    const lost = dialling(h, 5);
    await turns();
    const other = await h.greet(B, T, 0);
    assert.equal(other.answer, sessionAnswers.fresh);
    assert.ok(isKind(await lost.settled, "unavailable"));
  });

  it("keeps its session through handshakes that are not finished", async () => {
    const h = newHost();
    await h.greet(A, S);
    dialling(h, 5);
    await turns();
    await h.syn(B, T);
    const again = await h.greet(A, S, 1);
    assert.equal(again.answer, sessionAnswers.resumed);
  });

  it("takes bytes that are no frame for a break: asks, waits, keeps everything", async () => {
    const h = newHost();
    await h.greet(A, S);
    dialling(h, 5);
    h.carrier.write(flushBytes());
    await turns();
    assert.equal(h.hellos.at(-1)?.kind, helloKinds.ask);
    assert.equal((await h.greet(B, S, 0)).answer, sessionAnswers.resumed);
  });

  it("never sends a dial that was aborted before it left", async () => {
    const h = newHost();
    const abort = new AbortController();
    const unsent = h.guest.sockets.dial(5, { signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(unsent, /enough/);
    dialling(h, 6);
    await h.greet(A, S);
    assert.deepEqual(
      h.frames.map(({ payload }) => payload[0]),
      [6],
    );
  });

  it("ends when the host answers what it did not dial", async () => {
    const h = newHost();
    await h.greet(A, S);
    h.frame(frameTypes.accept, 9, new Uint8Array(4));
    const reason = await h.guest.ended;
    assert.match(reason.message, /channel 9, which is not dialling/);
    assert.ok(isKind(reason, "data-loss"));
  });

  it("ends when the host uses a channel before it has accepted it", async () => {
    const h = newHost();
    const { settled } = dialling(h, 5);
    await h.greet(A, S);
    h.frame(frameTypes.close, 1, Uint8Array.of(1));
    assert.ok(isKind(await h.guest.ended, "data-loss"));
    assert.ok(isKind(await settled, "data-loss"));
  });

  it("returns credit by halves of the window, not for each chunk", async () => {
    const h = newHost();
    const dialled = h.guest.sockets.dial(5);
    await h.greet(A, S);
    h.frame(frameTypes.accept, 1, Uint8Array.of(0, 0, 1, 0));
    const connection = await dialled;
    if (connection.kind !== "stream") throw new Error("the mux knows streams only");
    const received = new StreamRecorder(connection.stream);
    for (let i = 0; i < 8; i++) {
      h.frame(frameTypes.data, 1, new Uint8Array(CHANNEL_WINDOW / 8));
      await received.until(() => received.count("data") === i + 1);
    }
    await turns();
    assert.deepEqual(
      h.frames
        .filter(({ type }) => type === frameTypes.credit)
        .map(({ payload }) => Buffer.from(payload).readUInt32LE()),
      [CHANNEL_WINDOW / 2, CHANNEL_WINDOW / 2],
    );
  });
});
