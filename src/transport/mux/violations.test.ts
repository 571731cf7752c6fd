import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { type ErrorKind, isKind } from "../../errors/shim-error.ts";
import type { ByteStream } from "../../sys/byte-stream.ts";
import { StreamRecorder, turns } from "../byte-stream-suite.ts";
import { memoryStreamPair } from "../memory-stream.ts";
import { closeCodes, encodeFrame, type Frame, FrameReader, FramingError, frameTypes, type Item } from "./frame.ts";
import { encodeHello, type Hello, helloKinds, sessionAnswers } from "./hello.ts";
import { HostMux } from "./host-mux.ts";
import {
  CHANNEL_WINDOW,
  MAX_CONTROL_FRAMES,
  MAX_FRUITLESS_HELLOS,
  MAX_PAYLOAD,
  MAX_SKIPPED,
  REPLAY_BYTES,
  REPLAY_FRAMES,
} from "./limits.ts";

const PORT = 9;

/** A guest that says what the test says. It reads all that comes, unless told otherwise. */
class RawGuest {
  readonly host = new HostMux();
  readonly carrier: ByteStream;
  readonly frames: Frame[] = [];
  readonly hellos: Hello[] = [];
  readonly #reader = new FrameReader();
  #seq = 0;

  constructor(options: { reads?: boolean } = {}) {
    const [near, far] = memoryStreamPair();
    this.carrier = near;
    if (options.reads === false) near.pause();
    near.open({ data: (chunk) => this.#take(chunk), end() {}, drain() {}, close() {} });
    void this.host.attach(far);
  }

  hello(hello: Partial<Hello> & { kind: number }): void {
    this.carrier.write(encodeHello(hello));
  }

  /** Answers the SYN that has come. */
  async greet(answer: Partial<Hello> = {}): Promise<void> {
    await turns();
    const syn = this.hellos.findLast(({ kind }) => kind === helloKinds.syn);
    assert.ok(syn !== undefined, "the host sent no SYN");
    this.#seq = 0;
    this.hello({
      kind: helloKinds.synAck,
      answer: sessionAnswers.fresh,
      session: syn.session,
      hostNonce: syn.hostNonce,
      guestNonce: "77".repeat(8),
      ...answer,
    });
    await turns();
  }

  frame(type: number, channel: number, payload: Uint8Array = new Uint8Array(0), over: Partial<Frame> = {}): void {
    this.carrier.write(encodeFrame({ type, channel, seq: this.#seq++, ack: 0, payload, ...over }));
  }

  open(channel: number, port = PORT, credit = CHANNEL_WINDOW): void {
    this.frame(frameTypes.open, channel, words(port, credit));
  }

  #take(chunk: Uint8Array): void {
    this.#reader.push(chunk);
    for (let item = this.#next(); item !== undefined; item = this.#next()) {
      if (item.kind === "frame") this.frames.push(item.frame);
      else this.hellos.push(item.hello);
      if (item.kind === "hello" && item.hello.kind === helloKinds.go) this.#reader.framed();
    }
  }

  /** A flush in the middle of a session: the host begins a handshake. */
  #next(): Item | undefined {
    try {
      return this.#reader.next();
    } catch (error) {
      assert.ok(error instanceof FramingError);
      this.#reader.hunt();
      return this.#reader.next();
    }
  }
}

function words(...values: number[]): Uint8Array {
  const payload = new Uint8Array(values.length * 4);
  const view = new DataView(payload.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value, true);
  return payload;
}

let guest: RawGuest | undefined;

async function greeted(options?: { reads?: boolean }): Promise<RawGuest> {
  guest = new RawGuest(options);
  await guest.greet();
  return guest;
}

afterEach(() => {
  guest?.host.destroy();
  guest = undefined;
});

/** Each case: the guest has greeted, and channel 1 of a port with a listener is open. */
const cases: readonly [string, (guest: RawGuest) => void, RegExp, ErrorKind?][] = [
  ["garbage", (g) => g.carrier.write(Buffer.from("GET / HTTP/1.1\r\n")), /what is no frame.*0x47/],
  ["a damaged hello", (g) => g.carrier.write(Buffer.alloc(64, "u")), /hello is damaged/],
  ["a frame of unknown type on no channel", (g) => g.frame(99, 0), /type 99 on channel 0, which is not open/],
  ["a frame of unknown type on a channel", (g) => g.frame(99, 1), /unknown type 99/],
  [
    "a number that is not the next",
    (g) => g.frame(frameTypes.fin, 1, undefined, { seq: 5 }),
    /number 5; the next one is 1/,
  ],
  [
    "an ack of what was never sent",
    (g) => g.frame(frameTypes.fin, 1, undefined, { ack: 2 }),
    /acknowledges 2 frames, of which 1/,
  ],
  [
    "an ack that goes back",
    (g) => g.frame(frameTypes.fin, 1, undefined, { ack: 0xffff_ffff }),
    /acknowledges 4294967295/,
  ],
  ["an ack with a payload", (g) => g.frame(frameTypes.ack, 0, words(1), { seq: 0 }), /carries more than a count/],
  ["data on a channel that is not open", (g) => g.frame(frameTypes.data, 2, words(1)), /channel 2, which is not open/],
  [
    "data beyond the credit",
    (g) => {
      for (let i = 0; i <= CHANNEL_WINDOW; i += 32 * 1024) g.frame(frameTypes.data, 1, new Uint8Array(32 * 1024));
    },
    /32768 bytes, with a credit of 0/,
  ],
  ["data frames without data", (g) => g.frame(frameTypes.data, 1), /without data/],
  [
    "data after the end",
    (g) => {
      g.frame(frameTypes.fin, 1);
      g.frame(frameTypes.data, 1, words(1));
    },
    /data after its end/,
  ],
  [
    "two ends",
    (g) => {
      g.frame(frameTypes.fin, 1);
      g.frame(frameTypes.fin, 1);
    },
    /a second end/,
  ],
  ["an end with a payload", (g) => g.frame(frameTypes.fin, 1, words(1)), /payload of 4 bytes, not 0/],
  [
    "an orderly close before the ends",
    (g) => g.frame(frameTypes.close, 1, Uint8Array.of(closeCodes.orderly)),
    /close before its end/,
  ],
  ["a close of unknown code", (g) => g.frame(frameTypes.close, 1, Uint8Array.of(9)), /close with code 9/],
  [
    "frames after its close",
    (g) => {
      g.frame(frameTypes.close, 1, Uint8Array.of(closeCodes.aborted));
      g.frame(frameTypes.fin, 1);
    },
    /channel 1, which is not open/,
  ],
  ["a credit of nothing", (g) => g.frame(frameTypes.credit, 1, words(0)), /a credit of 0/],
  ["a credit beyond 32 bits", (g) => g.frame(frameTypes.credit, 1, words(0xffff_ffff)), /a credit of 4294967295/],
  ["a credit of the wrong size", (g) => g.frame(frameTypes.credit, 1, Uint8Array.of(1)), /payload of 1 bytes, not 4/],
  ["the id of a channel again", (g) => g.open(1), /opened channel 1 after channel 1/],
  ["an answer to a dial", (g) => g.frame(frameTypes.accept, 1, words(1)), /the guest sent a frame of type 2; it dials/],
  ["an OPEN of the wrong size", (g) => g.frame(frameTypes.open, 2, words(1)), /payload of 4 bytes, not 8/],
  ["a GO", (g) => g.hello({ kind: helloKinds.go }), /hello of kind 3 in the middle/],
  [
    "a SYN-ACK that nobody asked for",
    (g) => g.hello({ kind: helloKinds.synAck, hostNonce: "0".repeat(16) }),
    /hello of kind 2/,
  ],
];

describe("a guest that breaks the protocol of the mux ends it, and nothing else", () => {
  for (const [what, act, message, kind] of cases) {
    it(`by ${what}`, async () => {
      const g = await greeted();
      const listener = g.host.sockets.listen(PORT);
      g.open(1);
      await turns();
      const accepted = new StreamRecorder(await listener.accept());
      accepted.stream.pause();
      act(g);
      const reason = await g.host.ended;
      assert.match(reason.message, message);
      assert.ok(isKind(reason, kind ?? "data-loss"));
      await accepted.seen("close");
      assert.ok(accepted.closeError !== undefined);
    });
  }
});

describe("the handshake of a hostile or foreign guest", () => {
  const refused: readonly [string, Partial<Hello>, RegExp, ErrorKind][] = [
    ["another version", { version: 2 }, /speaks version 2 .* this host speaks 1/, "failed-precondition"],
    ["an unknown answer", { answer: 7 }, /answered the hello with 7/, "data-loss"],
    [
      "frames that never left",
      { answer: sessionAnswers.resumed, received: 1 },
      /got 1 frames; possible are 0 to 0/,
      "data-loss",
    ],
  ];
  for (const [what, answer, message, kind] of refused) {
    it(`is refused: ${what}`, async () => {
      guest = new RawGuest();
      await guest.greet(answer);
      const reason = await guest.host.ended;
      assert.match(reason.message, message);
      assert.ok(isKind(reason, kind));
    });
  }

  it("is not made by stale answers: the nonce must be this one's", async () => {
    guest = new RawGuest();
    await guest.greet({ hostNonce: "1".repeat(16) });
    assert.equal(guest.hellos.filter(({ kind }) => kind === helloKinds.go).length, 0);
    await guest.greet();
    await guest.host.established;
  });

  it("is repeated until it is answered", async () => {
    guest = new RawGuest();
    const { hellos, host } = guest;
    while (hellos.length < 3) await turns();
    assert.equal(new Set(hellos.map(({ hostNonce }) => hostNonce)).size, 1);
    await guest.greet();
    await host.established;
    const count = hellos.length;
    // Two answers to one SYN are no offence: SYNs were repeated.
    const { hostNonce = "" } = hellos[0] ?? {};
    guest.hello({ kind: helloKinds.synAck, hostNonce });
    await turns();
    host.suspend();
    host.saveState();
    assert.equal(hellos.length, count);
  });

  it("bounds what is skipped on the way to an answer", async () => {
    guest = new RawGuest();
    const { carrier, host } = guest;
    for (let sent = 0; sent <= MAX_SKIPPED; sent += 1024 * 1024) {
      carrier.write(new Uint8Array(1024 * 1024));
      await turns(1);
    }
    assert.match((await host.ended).message, /no answer to the hello among them/);
  });

  it("can be asked for by the guest, but not for ever", async () => {
    const g = await greeted();
    g.hello({ kind: helloKinds.ask });
    await g.greet({ answer: sessionAnswers.resumed });
    const first = g.hellos[0]?.hostNonce;
    assert.notEqual(g.hellos.findLast(({ kind }) => kind === helloKinds.go)?.hostNonce, first);
    for (let i = 0; i < MAX_FRUITLESS_HELLOS; i++) {
      g.hello({ kind: helloKinds.ask });
      await turns();
      const syn = g.hellos.findLast(({ kind }) => kind === helloKinds.syn);
      g.hello({ kind: helloKinds.synAck, answer: sessionAnswers.resumed, hostNonce: syn?.hostNonce ?? "" });
      await turns();
    }
    assert.ok(isKind(await g.host.ended, "resource-exhausted"));
  });
});

describe("floods", () => {
  it("of dials that are refused and never acknowledged end the mux", async () => {
    const g = await greeted();
    for (let id = 1; id <= REPLAY_FRAMES + MAX_CONTROL_FRAMES + 1; id++) {
      g.open(id);
      if (id % 512 === 0) await turns(1);
    }
    const reason = await g.host.ended;
    assert.ok(isKind(reason, "resource-exhausted"));
    assert.match(reason.message, /acknowledged none of/);
  });

  it("of dials by a guest that reads nothing end the mux", async () => {
    const g = await greeted();
    g.carrier.pause();
    for (let id = 1; id <= 4 * MAX_CONTROL_FRAMES; id++) {
      g.open(id);
      if (id % 512 === 0) await turns(1);
    }
    assert.ok(isKind(await g.host.ended, "resource-exhausted"));
  });

  it("of one-byte frames cost what they weigh", async () => {
    const g = await greeted();
    const listener = g.host.sockets.listen(PORT);
    g.open(1);
    const stream = await listener.accept();
    for (let i = 0; i < CHANNEL_WINDOW; i++) {
      g.frame(frameTypes.data, 1, Uint8Array.of(i % 256));
      if (i % 1024 === 0) await turns(1);
    }
    await turns();
    const received = new StreamRecorder(stream);
    await received.until(() => received.bytes().byteLength === CHANNEL_WINDOW);
    assert.ok(received.chunks.length <= CHANNEL_WINDOW / 4096 + 2, `${received.chunks.length} chunks`);
  });

  it("of data for a channel that was given up are not kept", async () => {
    const g = await greeted();
    const listener = g.host.sockets.listen(PORT);
    g.open(1);
    (await listener.accept()).destroy();
    g.frame(frameTypes.data, 1, new Uint8Array(1000));
    await turns();
    g.host.suspend();
    assert.equal(g.host.saveState().channels[0]?.inbox, "");
  });

  it("of data by us stop at a guest that acknowledges nothing", async () => {
    const g = await greeted();
    const listener = g.host.sockets.listen(PORT);
    g.open(1, PORT, 0xffff_ffff);
    const stream = await listener.accept();
    stream.write(new Uint8Array(4 * REPLAY_BYTES));
    await turns(200);
    const sent = g.frames.reduce((sum, { payload }) => sum + payload.byteLength, 0);
    assert.ok(sent >= REPLAY_BYTES - MAX_PAYLOAD && sent <= REPLAY_BYTES + MAX_PAYLOAD, `${sent} bytes`);
  });

  it("are acknowledged: an honest sender never waits for its replay buffer", async () => {
    const g = await greeted();
    g.host.sockets.listen(PORT);
    g.open(1);
    for (let i = 0; i < 200; i++) g.frame(frameTypes.data, 1, Uint8Array.of(1));
    await turns();
    assert.ok((g.frames.at(-1)?.ack ?? 0) >= 128);
    const before = g.frames.at(-1)?.ack ?? 0;
    // More than one channel may hold.
    g.open(2);
    for (let i = 0; i < 8; i++) g.frame(frameTypes.data, 1 + (i % 2), new Uint8Array(MAX_PAYLOAD));
    await turns();
    assert.ok((g.frames.at(-1)?.ack ?? 0) > before);
  });
});
