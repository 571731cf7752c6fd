import assert from "node:assert/strict";
import { ShimError } from "../../../src/errors/shim-error.ts";
import type { ByteStream } from "../../../src/sys/byte-stream.ts";
import { turns } from "../../../src/transport/byte-stream-suite.ts";
import { memoryStreamPair } from "../../../src/transport/memory-stream.ts";
import { encodeFrame, flushBytes, frameTypes } from "../../../src/transport/mux/frame.ts";
import { GuestMux } from "../../../src/transport/mux/guest-mux.ts";
import { decodeHello, encodeHello, type Hello, helloKinds, indexOfMagic } from "../../../src/transport/mux/hello.ts";
import { HostMux } from "../../../src/transport/mux/host-mux.ts";
import { CHANNEL_WINDOW, MAX_CHANNELS } from "../../../src/transport/mux/limits.ts";
import { cut, damageBytes, joined } from "../damage.ts";
import { Random } from "../random.ts";
import type { Outcome, Target } from "../target.ts";

const ports = [1, 2, 3];

/** The far end of a carrier: remembers the last hello that came. */
class Peer {
  readonly near: ByteStream;
  readonly far: ByteStream;
  #tail = Buffer.alloc(0);
  hello: Hello | undefined;

  constructor() {
    [this.near, this.far] = memoryStreamPair();
    this.near.open({ data: (chunk) => this.#take(chunk), end() {}, drain() {}, close() {} });
  }

  #take(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#tail, chunk]);
    for (let at = indexOfMagic(bytes); at !== -1; at = indexOfMagic(bytes, at + 1)) {
      this.hello = decodeHello(bytes.subarray(at, at + 64)) ?? this.hello;
    }
    this.#tail = bytes.subarray(Math.max(0, bytes.byteLength - 63));
  }
}

/** Frames that are mostly right: numbered in order, on few channels. */
function frames(dice: Random, role: "guest" | "host"): Uint8Array {
  const parts: Uint8Array[] = [];
  let seq = 0;
  let opened = 0;
  for (let i = dice.below(20); i > 0; i -= 1) {
    const type = dice.chance(1 / 20) ? dice.below(256) : dice.pick(Object.values(frameTypes));
    const channel = type === frameTypes.open && role === "guest" ? ++opened : 1 + dice.below(Math.max(opened, 3));
    const sequenced = type !== frameTypes.ack;
    parts.push(
      encodeFrame({
        type,
        channel: sequenced ? channel : 0,
        seq: sequenced ? seq++ : 0,
        ack: dice.chance(1 / 20) ? dice.below(9) : 0,
        payload: payloadOf(dice, type),
      }),
    );
    if (dice.chance(1 / 40)) parts.push(encodeHello({ kind: dice.below(6), hostNonce: "ab".repeat(8) }));
  }
  return joined(...parts);
}

function payloadOf(dice: Random, type: number): Uint8Array {
  if (dice.chance(1 / 15)) return dice.bytes(dice.below(10));
  const words = (...values: number[]): Uint8Array => {
    const view = Buffer.alloc(4 * values.length);
    for (const [i, value] of values.entries()) view.writeUInt32LE(value, 4 * i);
    return view;
  };
  switch (type) {
    case frameTypes.open:
      return words(dice.pick(ports), dice.below(100_000));
    case frameTypes.accept:
    case frameTypes.credit:
      return words(1 + dice.below(100_000));
    case frameTypes.refuse:
    case frameTypes.close:
      return Uint8Array.of(dice.below(2));
    case frameTypes.data:
      return new Uint8Array(1 + dice.below(dice.pick([10, 10, 4096])));
    default:
      return new Uint8Array(0);
  }
}

/** Uses the stream in some way, and resolves when it has closed. */
function use(dice: Random, stream: ByteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.open({
      data: () => {
        if (dice.chance(1 / 10)) stream.pause();
        if (dice.chance(1 / 30)) stream.destroy();
      },
      end: () => stream.end(),
      drain: () => undefined,
      close: () => resolve(),
    });
    if (dice.chance(1 / 2)) stream.write(dice.bytes(dice.below(200)));
    if (dice.chance(1 / 3)) stream.end();
  });
}

/** A guest's bytes, after the handshake, to the host's end: it stays usable or ends with a ShimError, and holds no more than its windows. */
export function muxHost(): Target {
  return {
    name: "mux-host",
    weight: 2,
    damage: damageBytes,
    generate: (dice) => frames(dice, "guest"),
    run: (input) => feedHost(Random.from(input), input),
  };
}

async function feedHost(dice: Random, input: Uint8Array): Promise<Outcome> {
  const host = new HostMux();
  const uses: Promise<void>[] = [];
  for (const port of ports.slice(dice.below(3))) {
    const listener = host.sockets.listen(port);
    const serve = async (): Promise<void> => {
      for (;;) uses.push(use(dice, await listener.accept()));
    };
    void serve().catch((error) => assert.ok(error instanceof ShimError));
  }
  const peer = new Peer();
  void host.attach(peer.far);
  if (!dice.chance(1 / 6)) {
    await turns(2);
    const { session = "", hostNonce = "" } = peer.hello ?? {};
    peer.near.write(
      encodeHello({ kind: helloKinds.synAck, answer: 2, session, hostNonce, guestNonce: "ff".repeat(8) }),
    );
  }
  await feed(peer.near, dice, input);
  host.suspend();
  let outcome: Outcome = "data-loss";
  if ((await Promise.race([host.ended, undefined])) === undefined) {
    outcome = "ok";
    const state = JSON.parse(JSON.stringify(host.saveState()));
    assert.ok(state.channels.length <= MAX_CHANNELS);
    for (const { inbox } of state.channels) assert.ok(inbox.length <= (CHANNEL_WINDOW * 4) / 3 + 4);
    const restored = new HostMux(state);
    for (const { stream } of restored.restored) uses.push(use(dice, stream));
    restored.destroy();
    await restored.ended;
  }
  host.destroy();
  const reason = await host.ended;
  assert.ok(reason instanceof ShimError, String(reason));
  await turns(1);
  await Promise.all(uses);
  return outcome;
}

/** A host's bytes to the guest's end; a real host comes next and gets through. */
export function muxGuest(): Target {
  return {
    name: "mux-guest",
    weight: 2,
    damage: damageBytes,
    generate: (dice) => frames(dice, "host"),
    run: (input) => feedGuest(Random.from(input), input),
  };
}

async function feedGuest(dice: Random, input: Uint8Array): Promise<Outcome> {
  const guest = new GuestMux();
  const dial = async (port: number): Promise<void> => {
    const connection = await guest.sockets.dial(port);
    if (connection.kind === "stream") await use(dice, connection.stream);
  };
  const uses = [dial(1), dial(2)].map((each) => each.catch((error) => assert.ok(error instanceof ShimError)));
  const peer = new Peer();
  void guest.attach(peer.far);
  const hello = { session: "cd".repeat(16), hostNonce: "ee".repeat(8) };
  if (!dice.chance(1 / 6)) {
    peer.near.write(encodeHello({ kind: helloKinds.syn, ...hello }));
    await turns(2);
    const { guestNonce = "" } = peer.hello ?? {};
    peer.near.write(encodeHello({ kind: helloKinds.go, ...hello, guestNonce }));
  }
  await feed(peer.near, dice, input);
  if (dice.chance(1 / 2)) peer.near.write(flushBytes());
  await turns(1);

  let outcome: Outcome = "data-loss";
  const host = new HostMux();
  host.sockets.listen(9);
  // A guest's end that is over for a reason serves nobody any more.
  if ((await Promise.race([guest.ended, undefined])) === undefined) {
    outcome = "ok";
    const [hostCarrier, guestCarrier] = memoryStreamPair();
    void guest.attach(guestCarrier);
    void host.attach(hostCarrier);
    await host.established;
    await guest.sockets.dial(9);
  }
  guest.destroy();
  host.destroy();
  assert.ok((await guest.ended) instanceof ShimError);
  await Promise.all(uses);
  return outcome;
}

async function feed(stream: ByteStream, dice: Random, input: Uint8Array): Promise<void> {
  for (const chunk of cut(dice, input)) {
    stream.write(chunk);
    if (dice.chance(1 / 20)) await turns(1);
  }
  await turns(2);
  if (dice.chance(1 / 2)) stream.end();
  await turns(1);
}
